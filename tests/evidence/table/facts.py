"""Facts of the record and checks of the engine: counts, approvals, artifacts and commands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from journeyman.mission.model import events as e
from journeyman.mission.model.reasons import VerdictReason
from tests.evidence.row_builders import at_least, call, calls, changing, did, group, lost, m, n, pure, script
from tests.evidence.scenario import CRASH, PAUSE, Fields, Row, Tool

RULE = "facts and checks"
SIGN: Fields = {"id": "sign", "kind": "approval", "by": "ada", "question": "Ship?"}
IDLE = pure(m())


def row(
    name: str,
    completes: bool,  # noqa: FBT001  # a column of the table
    criteria: list[Fields],
    tools: dict[str, Tool],
    *plan: Fields,
    **more: Any,
) -> Row:
    """A row about facts."""
    return Row(name=name, rule=RULE, completes=completes, criteria=criteria, tools={"idle": IDLE, **tools}, plan=plan, **more)


def rows() -> Iterator[Row]:
    """The rows."""
    yield from _counts()
    yield from _plans()
    yield from _approvals()
    yield from _checks()
    yield from _required()


def _plans() -> Iterator[Row]:
    """A plan is finished once each of its steps was made; one that was given up, denied or left open was not."""
    finished: Fields = {"id": "finished", "kind": "plan_finished"}
    bad = lost("failed", "tool_error")
    for effect in ("pure", "keyed", "probed", "unsafe"):
        act = {"act": Tool(effect, [m()])}
        yield row(f"two {effect} steps", True, [finished], act, call("act"), call("act"))
        yield row(f"two {effect} steps, a pause between", True, [finished], act, call("act"), call("act"), then={"Decided:1": PAUSE})
        yield row(f"two {effect} steps, a crash between", True, [finished], act, call("act"), call("act"), then={"Decided:1": CRASH})
        yield row(f"a {effect} step that fails each time", False, [finished], {"act": Tool(effect, [bad])}, call("act"), call("idle"))
        yield row(f"a {effect} step that fails at first", True, [finished], {"act": Tool(effect, [bad, m()])}, call("act"), call("idle"))
        yield row(f"two {effect} steps and no iteration for the second", False, [finished], act, call("act"), call("act"), more={"budget": {"iterations": 1}})
    yield row("a step that was denied", False, [finished], {"act": changing()}, call("act"), call("idle"), more={"approve": {"act": "always"}}, grants=False)
    yield row("a step whose call is lost", False, [finished], {"act": changing("unsafe", [lost()])}, call("act"))
    yield row("a step that waits for its condition", False, [finished], {"look": pure(*n(0))}, call("look", until="obs['metrics']['n'] > 0"), more={"budget": {"iterations": 3}})
    yield row("a step whose condition comes true", True, [finished], {"look": pure(*n(0, 0, 1))}, call("look", until="obs['metrics']['n'] > 0"))
    yield row("a script", True, [finished], {"look": IDLE}, script(), scripts={"s": (calls("look"), calls())})
    yield row("the plan's last step is being made", False, [finished, did("act", 2)], {"act": changing()}, call("act"), call("idle"))


def _counts() -> Iterator[Row]:
    bad = lost("failed", "tool_error")
    for effect in ("pure", "keyed", "probed", "unsafe"):
        act = Tool(effect, [m()])
        yield row(f"a {effect} call that failed is no success", False, [did("act")], {"act": Tool(effect, [bad])}, call("act"))
        yield row(f"a {effect} call that succeeded once of two", False, [did("act", 2)], {"act": Tool(effect, [m(), bad])}, call("act"), call("act"))
        yield row(f"a {effect} call succeeded, then something changed", True, [did("act"), did("other")], {"act": act, "other": changing()}, call("act"), call("other"))
        yield row(f"a {effect} call succeeded, then a pause", True, [did("act"), did("idle")], {"act": act}, call("act"), call("idle"), then={"Decided:1": PAUSE})
        yield row(f"a {effect} call succeeded, then a crash", True, [did("act"), did("idle")], {"act": act}, call("act"), call("idle"), then={"Decided:1": CRASH})
    yield row("a lost call is assumed failed", False, [did("act")], {"act": changing("unsafe", [lost()])}, call("act"), more={"on_unknown": "assume_failed"})
    yield row("a call waits for a person's word", False, [did("act")], {"act": changing("unsafe", [lost()])}, call("act"))
    yield row("a skipped call is no success", False, [did("act")], {"bad": pure(bad), "act": changing()}, call("bad", "act"))
    yield row("a denied call is no success", False, [did("act")], {"act": changing()}, call("act"), more={"approve": "always"}, grants=False)
    yield row("an approved call", True, [did("act")], {"act": changing()}, call("act"), more={"approve": "always"})
    yield row("a repeated look is no success of its tool", False, [did("look", 2), at_least()], {"look": pure(*n(1)), "act": changing()}, call("look", "act"))
    yield row("a probe is no success of its tool", False, [did("look", 1), at_least(probe={"tool": "look"})], {"look": pure(*n(1))}, call("idle"))
    yield row("another tool's successes", False, [did("act")], {"actor": changing()}, call("actor"))
    yield row("a call of a script counts", True, [did("look", 2)], {"look": pure(m())}, script(), scripts={"s": (calls("look"), calls("look"), calls())})
    yield row("counts are seen by paths", True, [at_least(2, "counts.look")], {"look": pure(m()), "act": changing()}, call("look", "look", "act"))


def _approvals() -> Iterator[Row]:
    ahead = (e.ApprovalAnswered(approval="sign", granted=True),)
    denied = (e.ApprovalAnswered(approval="sign", granted=False),)
    look = {"look": pure(*n(1))}
    yield row("the person says no", False, [SIGN, at_least()], look, call("look"), grants=False, reason="denied")
    yield row("the person says yes", True, [SIGN, at_least()], look, call("look"))
    yield row("the person said yes ahead", True, [SIGN, at_least()], {"act": changing("unsafe", n(1))}, call("act"), then={"CatalogPinned:1": ahead})
    yield row("the person said no ahead", False, [SIGN, at_least()], look, call("look"), then={"CatalogPinned:1": denied})
    yield row("the person said yes to something else", False, [SIGN, at_least()], look, call("look"), then={"CatalogPinned:1": (e.ApprovalAnswered(approval="other", granted=True),)}, grants=False)
    yield row("a yes ahead, then changes, a pause and a crash", True, [SIGN, did("act")], {"act": changing()}, call("idle"), call("act"), then={"CatalogPinned:1": ahead, "Decided:1": PAUSE + CRASH})
    yield row("what only a change reports is stale once the person has answered", False, [SIGN, at_least()], {"act": changing("unsafe", n(1))}, call("act"))
    yield row("an approved iteration is not the approval", False, [SIGN, did("act")], {"act": changing()}, call("act"), more={"approve": "always"}, then={"ApprovalAsked:2": denied})
    yield row("a yes with the goal unmet", False, [SIGN, at_least()], {"look": pure(*n(0))}, call("look"), then={"CatalogPinned:1": ahead})
    yield row("one of two persons", False, [SIGN, {**SIGN, "id": "second", "by": "bob"}], look, call("look"), then={"CatalogPinned:1": ahead}, grants=False)
    yield row("either of two persons", True, [group("any_of", SIGN, {**SIGN, "by": "bob"})], look, call("look"))
    yield row("a note is no approval", False, [SIGN], look, call("look"), then={"CatalogPinned:1": (e.NoteAdded(text="sign: granted"),)}, grants=False)


def _checks() -> Iterator[Row]:
    kinds: dict[str, Fields] = {"artifact": {"id": "goal", "kind": "artifact", "path": "out.json"}, "command": {"id": "goal", "kind": "command", "run": ["true"], "path": "."}, "artifact in all_of": {"id": "all", "kind": "all_of", "criteria": [{"id": "goal", "kind": "artifact", "path": "x"}]}}
    act = {"act": changing(), "bad": changing("unsafe", [lost()])}
    for kind, criterion in kinds.items():
        goal = [criterion, did("idle")]
        for name, (found, done) in {"holds": ([True], True), "does not hold": ([False], False), "cannot tell": ([None], False), "holds at last": ([False, True], True), "held once, and no longer": ([True, False], False), "held once, and cannot tell any more": ([True, None], False)}.items():
            yield row(f"the {kind} check {name}", done, goal, {**act, "wait": IDLE}, call("wait"), call("idle"), checks={"goal": found})
        for name, then in {"a pause": PAUSE, "a crash": CRASH}.items():
            yield row(f"{name} behind the {kind} check, which then fails", False, goal, act, call("idle"), checks={"goal": [True, False]}, then={"Checked:1": then})
            yield row(f"{name} behind the {kind} check, which still holds", True, goal, act, call("idle"), checks={"goal": [True]}, then={"Checked:1": then})
        yield row(f"a change behind the {kind} check, which then fails", False, [criterion, did("act")], act, call("idle"), call("act"), checks={"goal": [True, False]})
        yield row(f"a change behind the {kind} check, which still holds", True, [criterion, did("act")], act, call("idle"), call("act"), checks={"goal": [True]})
        yield row(f"a person behind the {kind} check, which then fails", False, [criterion, SIGN], act, call("idle"), checks={"goal": [True, False]})
        yield row(f"between checkpoints the {kind} check is made again", False, [criterion, did("act")], act, call("idle"), call("idle"), call("act"), checks={"goal": [True, False]}, more={"cadence": {"every_iterations": 2}})
        yield row(f"the {kind} check of another criterion", False, [criterion], act, call("idle"), checks={"other": [True]})
        yield row(f"a metric under the name of the {kind} check", False, [criterion], {"say": pure(m({"goal": True}, {"name": "goal", "met": True}, goal=True))}, call("say"), checks={"goal": [False]})
        if kind != "artifact in all_of":
            held = {**criterion, "hold_for": 2}
            yield row(f"the {kind} check holds once of twice", False, [held], act, call("idle"), checks={"goal": [True]}, more={"budget": {"iterations": 1}})
            yield row(f"the {kind} check holds twice", True, [held], act, call("idle"), call("idle"), checks={"goal": [True]})
            yield row(f"the {kind} check comes and goes", False, [held], act, *([call("idle")] * 4), checks={"goal": [True, False] * 9}, more={"budget": {"iterations": 4}})
            abort = {**criterion, "id": "goal", "abort_when_met": True, "required": False}
            yield row(f"the {kind} check is an abort condition and holds", False, [abort, did("idle")], act, call("idle"), checks={"goal": [True]}, reason="guard_broken")
            yield row(f"the {kind} check is an abort condition and does not hold", True, [abort, did("idle")], act, call("idle"), checks={"goal": [False]})


def _required() -> Iterator[Row]:
    look = {"look": pure(m(n=1, k=0))}
    one, other = at_least(), at_least(1, "k", id="other")
    yield row("one of two required criteria", False, [one, other], look, call("look"))
    yield row("the unmet one is optional", True, [one, {**other, "required": False}], look, call("look"))
    yield row("all of, and one is unmet", False, [group("all_of", one, other)], look, call("look"))
    yield row("any of, and one is unmet", True, [group("any_of", one, other)], look, call("look"))
    yield row("any of, and none is met", False, [group("any_of", other, at_least(9))], look, call("look"))
    yield row("any of, and the met one can no longer be told", False, [group("any_of", at_least(1, "x"), other)], look, call("look"))
    yield row("a weight is no worth of its own", False, [{**one, "weight": 1000}, other], look, call("look"))
    yield row("met in the last iteration", True, [one], look, call("look"), more={"budget": {"iterations": 1}})
    yield row("met with the last call", True, [one], look, call("look"), more={"budget": {"iterations": 9, "tool_calls": 1}})
    yield row("both held, but never together", False, [one, at_least(1, "k", id="o")], {"look": pure(m(n=1, k=0), m(n=0, k=1))}, call("look"), call("look"))
    yield row("forced with the goal unmet", False, [other], look, call("look"), call("look"), then={"Decided:1": (e.EndAsked(reason=VerdictReason.FORCED),)})
    yield row("aborted with the goal unmet", False, [other], look, call("look"), call("look"), then={"Decided:1": (e.EndAsked(reason=VerdictReason.ABORTED),)})
