"""`gym watch`: an episode replayed, with what customers feel and each service's errors as sparklines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from journeyman.evaluation.episode_frames import HEALTH, StepFrame, caused, played
from journeyman.evaluation.policies import TeamFor, team_for
from journeyman.evaluation.topology import layers_of
from journeyman.gym.arrays import Ints
from journeyman.gym.evaluate import Replay
from journeyman.gym.tasks import Task, task
from journeyman.gym.world import World
from journeyman.interfaces.cli.gym.episode_picture import draw_episode
from journeyman.interfaces.cli.gym.plots import check_plots
from journeyman.interfaces.cli.rendering import table
from journeyman.interfaces.cli.shared import print_json
from journeyman.interfaces.cli.terminal import SafeConsole, say
from journeyman.mission.values.canonical import Json

PlayOnce: TypeAlias = Callable[[str, Task], Ints]
"""Gives what a model did in a task, `(steps, roles, 4)`."""
Calls: TypeAlias = Sequence[Sequence[int]]
"""Whom each service calls, by number."""
_BARS: Final = "▁▂▃▄▅▆▇█"
_COLOURS: Final = ("green", "yellow", "red", "bold red")
_MARKS: Final = "●◐▲✖"
"""By health, for terminals without colours."""
_MOST_TOLD: Final = 4
_RECENT: Final = 16
"""Steps in a service's sparkline: two of them and the names fit into 80 columns."""
_SLOWEST: Final = 5.0
"""Times the usual latency that fill a sparkline."""


def watch(
    task_id: str,
    policy: str,
    *,
    pause_s: float,
    truth: bool,
    as_json: bool,
    picture: Path | None = None,
    model: PlayOnce | None = None,
) -> None:
    """Play the task with the policy and show it; a model plays to the end first."""
    if picture is not None:
        check_plots(picture, moving=True)
    one = task(task_id)
    team = team_for(policy) if model is None else _replayed(model(policy, one))
    world = World(one.tier, 1, reveal=True)
    world.play([one])
    causes = caused(world)
    calls = world.observe().each_sre()[0].calls
    frames = played(world, team([one], 0)(1))
    if picture is not None:
        drawn = list(frames)
        draw_episode(drawn, calls, f"{one.id}, {policy}: score {ended(world)['score']}", picture)
        say(f"wrote {picture}", err=True)
        frames = iter(drawn)
    if as_json:
        shown = [asdict(frame) for frame in frames]
        names = world.names().services
        called = {name: [names[other] for other in calls[number]] for number, name in enumerate(names)}
        found = {"task": one.id, "policy": policy, "calls": called, "frames": shown}
        print_json(cast("Any", {**found, "end": ended(world), "truth": causes}))
        return
    if truth:
        say(f"the truth: {'; '.join(causes)}")
    if sys.stdout.isatty():
        _live(frames, calls, f"{one.id}, {policy}", pause_s)
    else:
        for frame in frames:
            say(line(frame))
    say(" · ".join(f"{name} {value}" for name, value in ended(world).items()))
    if not truth:
        say(f"the truth: {'; '.join(causes)}")


def _replayed(acts: Ints) -> TeamFor:
    return lambda _some, _seed: lambda _worlds: Replay(acts)


def ended(world: World) -> dict[str, Json]:
    """How the episode went."""
    results = world.results()
    return {
        "score": round(float(results.score[0]), 4),
        "succeeded": bool(results.succeeded[0]),
        "steps": int(results.steps[0]),
        "availability": round(float(results.availability[0]), 4),
    }


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


def page(frames: Sequence[StepFrame], calls: Calls, title: str) -> RenderableType:
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
            Text(HEALTH[health], style=_COLOURS[health]),
            spark([one.error_ratio[name] for one in recent], 0.5),
            f"{last.error_ratio[name]:.1%}",
            spark([one.slowness[name] - 1 for one in recent], _SLOWEST),
            f"{last.slowness[name]:.1f} x",
            Text("firing" if name in last.alerts else "", style="red"),
        )
    deeds = [Text(f"  step {one.step - 1}: {role}: {words}") for one in frames[-6:] for role, words in one.did.items()]
    return Group(
        Text(f"{title}, step {last.step}", style="bold"),
        felt,
        Text(""),
        graph(last, calls),
        Text(""),
        services,
        Text(""),
        *deeds[-10:],
    )


def graph(frame: StepFrame, calls: Calls) -> RenderableType:
    """Who calls whom: a column per layer from the door on, coloured by health, and who calls what is sick."""
    names, health = list(frame.health), list(frame.health.values())
    layers = layers_of(calls)
    rows = max(map(len, layers))
    drawn = Table.grid(padding=(0, 3))
    for number in range(rows):
        cells: list[Text] = []
        for layer in layers:
            place = number - (rows - len(layer)) // 2
            one = layer[place] if 0 <= place < len(layer) else None
            mark = "" if one is None else f"{_MARKS[health[one]]} {names[one]}"
            cells.append(
                Text(mark, style="" if one is None else _COLOURS[health[one]], no_wrap=True, overflow="ellipsis")
            )
        drawn.add_row(*cells)
    sick = [one for one in range(len(names)) if health[one] > 1]
    told = [f"{names[one]} is called by {_callers(one, calls, names)}" for one in sick]
    head = Text("who calls stands left of who is called", style="dim")
    return Group(head, drawn, *(Text(f"  {words}", style="dim") for words in told[:_MOST_TOLD]))


def _callers(service: int, calls: Calls, names: Sequence[str]) -> str:
    found = [names[caller] for caller, called in enumerate(calls) if service in called]
    return ", ".join(found) or "customers"


def _live(frames: Iterator[StepFrame], calls: Calls, title: str, pause_s: float) -> None:
    seen: list[StepFrame] = []
    with Live(console=SafeConsole(), auto_refresh=False) as live:
        for frame in frames:
            seen.append(frame)
            live.update(page(seen, calls, title), refresh=True)
            time.sleep(pause_s)
