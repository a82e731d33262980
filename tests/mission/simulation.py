"""Drives the rules through small worlds, without engine, store or clock: what the engine does, in one page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from journeyman.mission.criteria.evidence import ExpressionResult
from journeyman.mission.fold.fold import fold
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.events import Event, EventRecord
from journeyman.mission.model.mission import Mission, dump, effect_spec, mission_digest
from journeyman.mission.model.state import Effect, State
from journeyman.mission.rules import commands as c
from journeyman.mission.rules import derived_events
from journeyman.mission.rules.calls import intended
from journeyman.mission.rules.evaluate import evaluated, watched
from journeyman.mission.rules.next_command import next_command
from journeyman.mission.values.canonical import Json, JsonObject, checked

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Reply:
    """What a simulated tool gives."""

    value: Json = None
    metrics: JsonObject = field(default_factory=dict[str, Json])
    events: tuple[JsonObject, ...] = ()
    state: str = "done"
    error_class: str = ""
    error: str = ""


def failed(error: str, error_class: str = "tool_error") -> Reply:
    """A failed call."""
    return Reply(state="failed", error_class=error_class, error=error)


@dataclass
class SimTool:
    """A tool of a simulated world."""

    call: Callable[[dict[str, Any]], Reply]
    properties: dict[str, Any] = field(default_factory=dict[str, Any])
    required: list[str] | None = None
    description: str = ""
    effect: str = "pure"
    definitions: dict[str, Any] = field(default_factory=dict[str, Any])

    def schema(self) -> JsonObject:
        """The input schema."""
        required = list(self.properties) if self.required is None else self.required
        schema: JsonObject = {
            "type": "object",
            "properties": self.properties,
            "required": list(required),
            "additionalProperties": False,
        }
        return {**schema, "$defs": self.definitions} if self.definitions else schema


class Simulation:
    """One session over simulated tools; keeps every event."""

    def __init__(self, mission: Mission, tools: Mapping[str, SimTool], second_s: float = 1.0) -> None:
        self.tools = tools
        self.at = START
        self.step_s = second_s
        self.events: list[EventRecord] = []
        self.states: list[State] = []
        self.add(e.SessionCreated(tenant="t", session_id="s", mission=dump(mission), digest=mission_digest(mission)))
        rows: list[JsonObject] = []
        for name, tool in sorted(tools.items()):
            spec = effect_spec(mission, name)
            effect = spec.effect if spec is not None else tool.effect
            rows.append(
                {
                    "name": name,
                    "description": tool.description,
                    "input_schema": tool.schema(),
                    "pin": "0",
                    "effect": str(effect),
                    "destructive": False,
                }
            )
        self.add(e.CatalogPinned(tools=rows))
        self.add(e.Claimed(owner="o", token=1))

    @property
    def state(self) -> State:
        """The present state."""
        return self.states[-1]

    def add(self, event: Event, actor: str = "engine") -> None:
        """Let an event happen."""
        happened = EventRecord(self.at.isoformat(), actor, event)
        self.events.append(happened)
        self.states.append(fold(self.states[-1] if self.states else None, happened))

    def run(self, most: int = 100_000, ask: Callable[[str], bool] = lambda _: True) -> State:
        """Run until nothing is left to do."""
        for _ in range(most):
            command = next_command(self.state)
            if isinstance(command, c.Nothing):
                if command.why != "approval" or self.state.people.pending is None:
                    return self.state
                self.add(
                    e.ApprovalAnswered(
                        approval=self.state.people.pending.approval, granted=ask(self.state.people.pending.question)
                    ),
                    "person:p",
                )
                continue
            self.obey(command)
        raise AssertionError("the session did not end")

    def obey(self, command: c.Command) -> None:  # noqa: C901, PLR0912  # one branch per command, as in the engine
        """Do what a command says."""
        self.at += timedelta(seconds=self.step_s)
        match command:
            case c.Propose():
                self.add(derived_events.proposed(self.state))
            case c.Intend():
                for event in intended(self.state, command):
                    self.add(event)
            case c.Run(effects) | c.AskWorld(effects):
                for effect in effects:
                    self.add(self.settle(effect))
            case c.GiveUp(effects):
                for effect in effects:
                    self.add(e.Settled(effect=effect.intended.effect, state=EffectState.UNKNOWN, error_class="crash"))
            case c.Skip(effects, why):
                for effect in effects:
                    self.add(
                        e.Settled(
                            effect=effect.intended.effect, state=EffectState.FAILED, error_class="skipped", error=why
                        )
                    )
            case c.Assume(effects, done):
                for effect in effects:
                    how = EffectState.DONE if done else EffectState.FAILED
                    self.add(e.Reconciled(effect=effect.intended.effect, state=how, assumed=True))
            case c.Evaluate():
                self.add(evaluated(self.state, self.at.isoformat(), run_plain, {}))
            case c.Watch():
                self.add(watched(self.state, run_plain, {}))
            case c.Decide(verdict):
                self.add(derived_events.decided(self.state, verdict))
            case c.Ask(approval, question, by):
                self.add(e.ApprovalAsked(approval=approval, question=question, by=by))
            case c.Wait(reason, seconds):
                self.add(
                    e.WaitStarted(
                        reason=reason, until_at=(self.at + timedelta(seconds=seconds)).isoformat() if seconds else ""
                    )
                )
            case c.Wake(until_at, _):
                self.at = max(self.at, datetime.fromisoformat(until_at))
                self.add(e.WaitEnded())
            case c.End(verdict, reason, outcome):
                self.add(e.Ended(verdict=verdict, reason=reason, outcome=outcome))
            case c.Check():
                self.add(e.Checked(iteration=self.state.iteration.index, facts=[]))
            case c.StepScript() | c.Nothing():
                raise AssertionError(command)

    def settle(self, effect: Effect) -> e.Settled:
        """How a simulated call ends."""
        args = effect.intended.args
        assert isinstance(args, dict)
        reply = self.tools[effect.intended.tool].call(dict(args))
        return e.Settled(
            effect=effect.intended.effect,
            state=EffectState(reply.state),
            value=checked(reply.value),
            metrics=reply.metrics,
            events=list(reply.events),
            error_class=reply.error_class,
            error=reply.error,
        )


def run_plain(expression: str, obs: JsonObject) -> ExpressionResult:
    """Evaluate in plain Python: these are our own test expressions."""
    try:
        return ExpressionResult(checked(eval(expression, {"obs": obs})))  # noqa: S307  # the tests' own expressions
    except Exception as error:  # noqa: BLE001  # any error is an inconclusive predicate
        return ExpressionResult(error=repr(error))
