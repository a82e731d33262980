"""`gym watch`: an episode replayed, with what customers feel and each service's errors as sparklines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeAlias, cast

from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from journeyman.evaluation.policies import TeamFor, team_for
from journeyman.gym.actions import Role
from journeyman.gym.arrays import Ints
from journeyman.gym.evaluate import Replay
from journeyman.gym.names import Names
from journeyman.gym.policies.base import Team
from journeyman.gym.tasks import Task, task
from journeyman.gym.text.export import named
from journeyman.gym.text.words import ActionType, AgentRole
from journeyman.gym.world import World
from journeyman.interfaces.cli.rendering import table
from journeyman.interfaces.cli.shared import print_json
from journeyman.interfaces.cli.terminal import SafeConsole, say
from journeyman.mission.values.canonical import Json

PlayOnce: TypeAlias = Callable[[str, Task], Ints]
"""Gives what a model did in a task, `(steps, roles, 4)`."""
_BARS: Final = "▁▂▃▄▅▆▇█"
_HEALTH: Final = ("healthy", "degraded", "critical", "down")
_COLOURS: Final = ("green", "yellow", "red", "bold red")
_RECENT: Final = 16
"""Steps in a service's sparkline: two of them and the names fit into 80 columns."""
_SLOWEST: Final = 5.0
"""Times the usual latency that fill a sparkline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFrame:
    """One step as a viewer sees it."""

    step: int
    door_error_ratio: float
    door_slowness: float
    """Times the usual latency."""
    within_objective: bool
    alerts: tuple[str, ...]
    health: dict[str, int]
    error_ratio: dict[str, float]
    slowness: dict[str, float]
    did: dict[str, str]
    """What each role did to get here; no-ops without a target are left out."""


def watch(
    task_id: str, policy: str, *, pause_s: float, truth: bool, as_json: bool, model: PlayOnce | None = None
) -> None:
    """Play the task with the policy and show it; a model plays to the end first."""
    one = task(task_id)
    team = team_for(policy) if model is None else _replayed(model(policy, one))
    world = World(one.tier, 1, reveal=True)
    world.play([one])
    causes = caused(world)
    frames = played(world, team([one], 0)(1))
    if as_json:
        shown = [asdict(frame) for frame in frames]
        print_json(
            cast("Any", {"task": one.id, "policy": policy, "frames": shown, "end": ended(world), "truth": causes})
        )
        return
    if truth:
        say(f"the truth: {'; '.join(causes)}")
    if sys.stdout.isatty():
        _live(frames, f"{one.id}, {policy}", pause_s)
    else:
        for frame in frames:
            say(line(frame))
    say(" · ".join(f"{name} {value}" for name, value in ended(world).items()))
    if not truth:
        say(f"the truth: {'; '.join(causes)}")


def _replayed(acts: Ints) -> TeamFor:
    return lambda _some, _seed: lambda _worlds: Replay(acts)


def played(world: World, team: Team) -> Iterator[StepFrame]:
    """A frame before the first step and one after each."""
    names = world.names()
    yield _frame(world, names, {})
    while not world.ended.all():
        acts = team.act(world.observe())
        world.step(acts)
        did = {role.label: words for role in Role if (words := _did(acts[0, role], role, names))}
        yield _frame(world, names, did)


def ended(world: World) -> dict[str, Json]:
    """How the episode went."""
    results = world.results()
    return {
        "score": round(float(results.score[0]), 4),
        "succeeded": bool(results.succeeded[0]),
        "steps": int(results.steps[0]),
        "availability": round(float(results.availability[0]), 4),
    }


def caused(world: World) -> list[str]:
    """What disturbs a world, in words."""
    names = world.names()
    found: list[str] = []
    for cause in world.truth().causes:
        what = f"{cause.failure.label} at {names.services[cause.service]} from step {cause.onset}"
        rogue = f", by {names.agents[cause.rogue]}" if cause.rogue >= 0 else ""
        found.append(what + rogue + ("" if cause.real else " (passes by itself)"))
    return found


def _frame(world: World, names: Names, did: dict[str, str]) -> StepFrame:
    seen = world.observe()
    (sre,), (manager,) = seen.each_sre(), seen.each_manager()
    slow = [latency / max(usual, 1) for latency, usual in zip(sre.latency, sre.usual_latency, strict=True)]
    return StepFrame(
        step=manager.step,
        door_error_ratio=round(manager.door_errors, 4),
        door_slowness=round(manager.door_latency, 3),
        within_objective=manager.within_objective,
        alerts=tuple(name for name, firing in zip(names.services, manager.alerts, strict=True) if firing),
        health=dict(zip(names.services, sre.health, strict=True)),
        error_ratio={name: round(ratio, 4) for name, ratio in zip(names.services, sre.errors, strict=True)},
        slowness={name: round(times, 3) for name, times in zip(names.services, slow, strict=True)},
        did=did,
    )


def _did(row: Ints, role: Role, names: Names) -> str:
    action = named(row, AgentRole(role.label), names)
    if action.action_type is ActionType.NOOP:
        return f"look {action.target}" if action.target else ""
    said = [str(value) for name, value in action.args.items() if name != "to"]
    hearer = f"to {action.args['to']}" if "to" in action.args else ""
    return " ".join(part for part in (str(action.action_type), hearer, *said, action.target) if part)


def line(frame: StepFrame) -> str:
    """A frame as one plain line."""
    mark = "ok " if frame.within_objective else "OUT"
    did = "; ".join(f"{role}: {words}" for role, words in frame.did.items())
    alerts = f" alerts {', '.join(frame.alerts)}" if frame.alerts else ""
    felt = f"errors {frame.door_error_ratio:6.1%} latency {frame.door_slowness:4.1f} x {mark}"
    return f"step {frame.step:2} {felt}{alerts}{f' | {did}' if did else ''}"


def spark(values: Sequence[float], most: float) -> str:
    """Values as a row of bars, `most` and above full."""
    top = len(_BARS) - 1
    return "".join(_BARS[min(top, max(0, round(value / most * top)))] for value in values)


def page(frames: Sequence[StepFrame], title: str) -> RenderableType:
    """The picture after the last of some frames."""
    last, recent = frames[-1], frames[-_RECENT:]
    felt = Table.grid(padding=(0, 2))
    mark = Text("within the objective", style="green") if last.within_objective else Text("OUTSIDE", style="bold red")
    felt.add_row(
        "customers' errors", spark([one.door_error_ratio for one in frames], 0.3), f"{last.door_error_ratio:.1%}"
    )
    felt.add_row(
        "latency", spark([one.door_slowness - 1 for one in frames], _SLOWEST), f"{last.door_slowness:.1f} x", mark
    )
    services = table("service", "health", "errors", "now", "latency", "now", "alert")
    for name, health in last.health.items():
        services.add_row(
            name,
            Text(_HEALTH[health], style=_COLOURS[health]),
            spark([one.error_ratio[name] for one in recent], 0.5),
            f"{last.error_ratio[name]:.1%}",
            spark([one.slowness[name] - 1 for one in recent], _SLOWEST),
            f"{last.slowness[name]:.1f} x",
            Text("firing" if name in last.alerts else "", style="red"),
        )
    deeds = [Text(f"  step {one.step - 1}: {role}: {words}") for one in frames[-6:] for role, words in one.did.items()]
    return Group(Text(f"{title}, step {last.step}", style="bold"), felt, Text(""), services, Text(""), *deeds[-10:])


def _live(frames: Iterator[StepFrame], title: str, pause_s: float) -> None:
    seen: list[StepFrame] = []
    with Live(console=SafeConsole(), auto_refresh=False) as live:
        for frame in frames:
            seen.append(frame)
            live.update(page(seen, title), refresh=True)
            time.sleep(pause_s)
