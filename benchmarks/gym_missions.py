"""The deterministic planner as the SRE of held-out incidents, in `examples/04_incident/mission.yaml` as it stands.

Beside it the same incidents with nobody in the seat, and with the heuristic, which knows what each failure looks like
and what cures it; the planner is told neither. All count as met by the mission's own measures: few errors, fast enough,
no alert, three steps within the objective, within the steps that the incident has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from benchmarks.report import Meter, Row
from journeyman.engine.engine import Engine
from journeyman.engine.runtime import Runtime
from journeyman.evaluation.incident_tools import MissionIncident
from journeyman.gym.evaluate import team_named
from journeyman.gym.tasks import Split, Tier, tasks
from journeyman.gym.text.export import named
from journeyman.gym.text.words import ActionType, AgentRole
from journeyman.mission.model.mission import Gym, Mission
from journeyman.mission.model.state import State
from journeyman.stores.memory import MemoryStore
from journeyman.tools.predicate import Predicates
from journeyman.tools.sandbox import Sandbox
from journeyman.tools.script import ScriptRun
from journeyman.wiring import load_mission, mission_catalog

EXAMPLE: Final = Path(__file__).parents[1] / "examples/04_incident/mission.yaml"
COUNT: Final = 200


@dataclass(frozen=True, slots=True)
class Ended:
    """How one incident ended."""

    met: bool
    acts: int
    """Disruptive acts of the seat."""


def run(progress: Meter) -> list[Row]:
    """Measure, and give the rows."""
    mission, _ = load_mission(EXAMPLE)
    rows: list[Row] = []
    for tier in Tier:
        progress.start(tier.label, 3 * COUNT)
        rows += _tier(mission, tier, progress)
    return rows


def _tier(mission: Mission, played: Tier, progress: Meter) -> list[Row]:
    tier = played.label
    gyms = [Gym(task=one.id) for one in tasks(played, Split.HELD_OUT, COUNT)]
    planner = asyncio.run(_planned(mission, gyms, progress))
    nobody, heuristic = (tuple(_seated(gym, progress, empty=empty) for gym in gyms) for empty in (True, False))
    share, floor = _share(planner), _share(nobody)
    bar, holds = (">= 0.9", share >= 0.9) if played is Tier.EASY else ("> with nobody", share > floor)
    return [
        Row(f"{tier}: objectives met by the planner", share, "of incidents", bar, holds),
        Row(f"{tier}:   its disruptive acts", _acts(planner), "per incident"),
        Row(f"{tier}: met with nobody in the seat", floor, "of incidents"),
        Row(f"{tier}: met by the heuristic", _share(heuristic), "of incidents"),
        Row(f"{tier}:   its disruptive acts", _acts(heuristic), "per incident"),
        Row(f"{tier}: met by the planner, not with nobody", _beyond(planner, nobody), "of those"),
    ]


def _share(some: Sequence[Ended]) -> float:
    return round(sum(one.met for one in some) / max(len(some), 1), 3)


def _acts(some: Sequence[Ended]) -> float:
    return round(sum(one.acts for one in some) / max(len(some), 1), 2)


def _beyond(some: Sequence[Ended], others: Sequence[Ended]) -> float:
    return _share([one for one, other in zip(some, others, strict=True) if not other.met])


async def _planned(mission: Mission, gyms: Sequence[Gym], progress: Meter) -> tuple[Ended, ...]:
    ended: list[Ended] = []
    async with Sandbox(1) as sandbox:
        world = Runtime(
            store=MemoryStore(),
            open_catalog=mission_catalog,
            predicates=Predicates(sandbox),
            scripts=ScriptRun(sandbox),
        )
        for gym in gyms:
            state = await Engine(world).run(mission.model_copy(update={"gym": gym}))
            ended.append(Ended(state.outcome == "achieved", _acted(state)))
            progress.step()
    return tuple(ended)


def _acted(state: State) -> int:
    series = state.world.history.get("disruptive_acts")
    return 0 if series is None else int(series.points[-1])


def _seated(gym: Gym, progress: Meter, *, empty: bool) -> Ended:
    """Play on from where a mission begins, the seat empty or taken by the heuristic."""
    incident, seat = MissionIncident(gym), AgentRole(gym.role)
    shift, policy, number = incident.shift, team_named("heuristic")(1), 0
    while not _met(incident) and not shift.done:
        move = named(policy.act(shift.world.observations)[0][seat.number], seat, shift.world)
        aim = {} if move.target is None else {"target": move.target}
        if empty:
            incident.act(ActionType.NOOP, {}, str(number))
        else:
            incident.act(move.action_type, {**move.args, **aim}, str(number))
        number += 1
    progress.step()
    return Ended(_met(incident), int(_measured(incident)["disruptive_acts"]))


def _met(incident: MissionIncident) -> bool:
    """Tell whether the example's criteria hold."""
    now = _measured(incident)
    well = now["error_ratio"] <= 0.05 and now["slowness"] <= 2 and now["alerts_firing"] == 0
    return well and now["steps_within_objective"] >= 3


def _measured(incident: MissionIncident) -> dict[str, float]:
    return cast("dict[str, float]", incident.measure()["metrics"])
