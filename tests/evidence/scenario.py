"""One row of the tables: a mission, its tools and what happens to it; and the simulation that plays it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.events import Event
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.reasons import ScriptStatus, VerdictLabel, WaitFor
from journeyman.mission.model.state import State
from journeyman.mission.rules import commands as c
from journeyman.mission.values.errors import CallerError
from tests.mission.simulation import Reply, SimTool, Simulation

Fields: TypeAlias = dict[str, Any]
"""JSON as rows write it down."""
Replies: TypeAlias = Sequence[Reply] | Mapping[str, Sequence[Reply]]


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool of a row: its class and what it answers, call by call; the last answer repeats."""

    effect: str
    replies: Replies
    """One list, or one for each value of the argument `env` or for arguments as JSON; `""` is for all others."""

    def opened(self) -> SimTool:
        """A tool that answers from the beginning."""
        lists = self.replies if isinstance(self.replies, Mapping) else {"": self.replies}
        counts: dict[str, int] = dict.fromkeys(lists, 0)

        def call(args: dict[str, Any]) -> Reply:
            whole, env = json.dumps(args, sort_keys=True), str(args.get("env", ""))
            key = next((name for name in (whole, env) if name in lists), "")
            count, counts[key] = counts[key], counts[key] + 1
            return lists[key][min(count, len(lists[key]) - 1)]

        return SimTool(call, effect=self.effect)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a simulated script: what it reported, then which calls it waits for."""

    observations: Fields | tuple[Fields, ...] = ()
    """Several where it reported a name more than once."""
    events: tuple[Fields, ...] = ()
    calls: tuple[tuple[str, Fields], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A mission that must complete, or must not."""

    name: str
    rule: str
    completes: bool
    criteria: Sequence[Fields]
    tools: Mapping[str, Tool]
    plan: Sequence[Fields] = ()
    more: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Further keys of the mission."""
    then: Mapping[str, tuple[Event, ...]] = field(default_factory=dict[str, tuple[Event, ...]])
    """What others do right after the nth event of a kind: `{"Settled:2": PAUSE}`."""
    scripts: Mapping[str, Sequence[Step]] = field(default_factory=dict[str, Sequence[Step]])
    """Source to steps."""
    advice: Mapping[int, Fields] = field(default_factory=dict[int, Fields])
    """Iteration to the strategy that an advisor proposed."""
    checks: Mapping[str, Sequence[bool | None]] = field(default_factory=dict[str, Sequence[bool | None]])
    """Criterion to what the engine's check finds, time by time; the last repeats."""
    grants: bool = True
    happened: bool = True
    """What the world says of a suspect call."""
    reason: str = ""
    """The reason of the ending, where the row is about it."""

    def mission(self) -> Mission:
        """The mission."""
        plain: dict[str, Any] = {
            "directive": "d",
            "tools": ["*"],
            "criteria": list(self.criteria),
            "plan": list(self.plan),
            "explore": False,
            "approve": "never",
            "budget": {"iterations": 6},
            "stagnation": {"threshold": 99},
        }
        return validate_mission({**plain, **self.more})


PAUSE: tuple[Event, ...] = (e.Paused(), e.Resumed())
CRASH: tuple[Event, ...] = (e.Claimed(owner="another", token=2),)
WAIT: tuple[Event, ...] = (e.WaitStarted(reason=WaitFor.BUDGET), e.WaitEnded())


class PlayedRow(Simulation):
    """Plays a row, or a mission of the property test."""

    def __init__(self, row: Row, second_s: float = 1.0) -> None:
        self.row = row
        self.counts: dict[str, int] = {}
        self.cut = False
        self.checked: dict[str, int] = {}
        super().__init__(row.mission(), {name: tool.opened() for name, tool in row.tools.items()}, second_s)

    def add(self, event: Event, actor: str = "engine") -> None:
        """Let an event happen, and after it what the row says."""
        super().add(event, actor)
        kind = type(event).__name__
        self.counts[kind] = self.counts.get(kind, 0) + 1
        for further in self.row.then.get(f"{kind}:{self.counts[kind]}", ()):
            self.cut = True
            super().add(further, "engine" if isinstance(further, e.Claimed) else "person:p")

    def obey(self, command: c.Command) -> None:
        """Do what a command says; scripts, checks and advice as the row has them."""
        match command:
            case c.Propose(iteration) if iteration in self.row.advice:
                strategy, source = dict(self.row.advice[iteration]), "advisor:a"
                self.add(
                    e.Proposed(iteration=iteration, strategy=strategy, source=source, step=f"{source}.{iteration}")
                )
            case c.Run(effects):
                self.cut = False
                for effect in effects:
                    self.add(self.settle(effect))
                    if self.cut:
                        return
            case c.AskWorld(effects):
                for effect in effects:
                    how = EffectState.DONE if self.row.happened else EffectState.FAILED
                    self.add(e.ExtraCall(effect=effect.intended.effect, tool=effect.intended.tool))
                    self.add(e.Reconciled(effect=effect.intended.effect, state=how))
            case c.Check():
                self.add(e.Checked(iteration=self.state.iteration.index, facts=[*map(self._fact, self.row.checks)]))
            case c.StepScript(snapshot, _):
                self.step(int(snapshot, 16) + 1 if snapshot else 0)
            case _:
                super().obey(command)

    def _fact(self, criterion: str) -> e.CheckFact:
        found = self.row.checks[criterion]
        count = self.checked[criterion] = self.checked.get(criterion, -1) + 1
        return e.CheckFact(id=criterion, met=found[min(count, len(found) - 1)])

    def step(self, index: int) -> None:
        """Let the script of this iteration run on."""
        strategy = self.state.iteration.strategy
        assert strategy is not None
        assert strategy.script is not None
        steps = self.row.scripts[strategy.script]
        step = steps[index]
        ends = index == len(steps) - 1
        self.add(
            e.ScriptAdvanced(
                iteration=self.state.iteration.index,
                status=ScriptStatus.FINISHED if ends else ScriptStatus.WAITING,
                snapshot={} if ends else {"$blob": f"{index:064x}", "bytes": 1},
                calls=[
                    {"call": f"{index}.{place}", "tool": tool, "args": args}
                    for place, (tool, args) in enumerate(step.calls)
                ],
                observations=[step.observations] if isinstance(step.observations, dict) else [*step.observations],
                events=list(step.events),
            )
        )


def play(row: Row, judge: Callable[[PlayedRow], None] = lambda _: None) -> State | None:
    """The state in which a row's mission ends; `None` where it is refused at load."""
    try:
        played = PlayedRow(row)
    except CallerError:
        return None
    state = played.run(2_000, ask=lambda _: row.grants)
    judge(played)
    return state


def wrong(row: Row) -> str:
    """Say what is wrong with how a row ends; empty where nothing is."""
    state = play(row)
    label, reason = ("refused", "refused") if state is None else (str(state.label), str(state.reason))
    if state is None and row.reason != "refused":
        return f"{row.rule}: {row.name}: was refused at load, and so says nothing"
    if (label == VerdictLabel.COMPLETE) != row.completes:
        return f"{row.rule}: {row.name}: must{'' if row.completes else ' not'} complete, but ended {label}/{reason}"
    return f"{row.rule}: {row.name}: ended {reason}, not {row.reason}" if row.reason not in ("", reason) else ""
