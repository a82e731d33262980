"""`gym play`: a person takes a seat. One line is one action; what cannot be understood costs no step."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Final

import typer

from journeyman.evaluation.policies import team_for
from journeyman.gym.actions import ALLOWED_ACTIONS
from journeyman.gym.rules.score import FLOORS
from journeyman.gym.tasks import Task, task
from journeyman.gym.text.action import Arg, TextAction
from journeyman.gym.text.prompts import load_briefing
from journeyman.gym.text.reading import read_action
from journeyman.gym.text.render import render_observation
from journeyman.gym.text.shift import NOBODY, Shift
from journeyman.gym.text.words import ActionType, AgentRole, FailureType
from journeyman.gym.world import World
from journeyman.interfaces.cli.shared import ACHIEVED, NOT_ACHIEVED
from journeyman.interfaces.cli.terminal import say
from journeyman.mission.values.errors import InvalidInput, Problem

_FORMS: Final = {
    "look": (ActionType.NOOP, "look SERVICE               look closer at a service; the next view shows it"),
    "wait": (ActionType.NOOP, "wait                       let a step pass"),
    "say": (ActionType.COMMUNICATE, "say [@ROLE] TEXT           tell everybody, or one role"),
    "restart": (ActionType.RESTART, "restart SERVICE"),
    "scale": (ActionType.SCALE, "scale SERVICE N            set the number of replicas, 1 to 16"),
    "rollback": (ActionType.ROLLBACK, "rollback SERVICE           undo its last change"),
    "claim": (
        ActionType.IDENTIFY_ROOT_CAUSE,
        "claim SERVICE FAILURE      name a root cause; `claim none` where nothing is wrong",
    ),
    "escalate": (ActionType.ESCALATE, "escalate SERVICE           call outside specialists"),
    "flag": (ActionType.FLAG_ROGUE, "flag AGENT                 stop a fleet agent"),
    "resolve": (ActionType.RESOLVE, "resolve                    close the incident, for good"),
}


class InvalidLine(Exception):
    """A line that is no action; the text says why."""


def play(task_id: str, role: str, others: str) -> None:
    """Play until the end of the episode or of the input, then say how it went."""
    one = task(task_id)
    if others == "oracle" or others.startswith("trained:"):
        problem = Problem(
            where="", message=f"{others!r} cannot be a teammate", hint="heuristic, random, a cheater or nobody"
        )
        raise InvalidInput("--others", (problem,))
    if others != NOBODY:
        team_for(others, option="--others")
    shift = Shift(one, AgentRole(role), others=others)
    say(f"{one.id}: you are {role}, {others} takes the other seats. `help` says what you can do.")
    _view(shift)
    for line in _lines():
        if line.casefold() in ("quit", "exit"):
            break
        _answer(shift, line)
        if shift.done:
            break
    raise typer.Exit(_ended(shift, one))


def _lines() -> Iterator[str]:
    asking = sys.stdin.isatty()
    while True:
        if asking:
            say("> ", nl=False)
        line = sys.stdin.readline()
        if not line:
            return
        if line.strip() or asking:
            yield line.strip()


def _answer(shift: Shift, line: str) -> None:
    if not line or line.casefold() == "view":
        _view(shift)
        return
    if line.casefold() in ("help", "?"):
        say(help_for(shift.role))
        return
    try:
        action = read_line(line, shift.role, shift.world.services, shift.world.agents)
    except InvalidLine as fault:
        say(f"not understood, no step is lost: {fault}")
        return
    shift.act(action)
    _view(shift)


def _view(shift: Shift) -> None:
    say("")
    say(render_observation(shift.observe()))


def help_for(role: AgentRole) -> str:
    """The commands of a role and its briefing."""
    rows = [text for kind, text in _FORMS.values() if kind.number in ALLOWED_ACTIONS[role.number]]
    free = ["view                       show the last view again; costs no step", "quit                       leave"]
    failures = f"failures: {', '.join(FailureType)}" if any(row.startswith("claim") for row in rows) else ""
    briefing = load_briefing(role).strip()
    lines = [briefing, "", "Commands; names may be shortened:", *(f"  {row}" for row in [*rows, *free]), failures]
    return "\n".join(lines).rstrip()


def read_line(line: str, role: AgentRole, services: Sequence[str], agents: Sequence[str]) -> TextAction:
    """The action that a line means.

    Raises:
        Misread: it means none, or one that this role may not take.
    """
    word, *rest = line.split()
    name = next((form for form in _FORMS if form == word.casefold()), "")
    if not name:
        raise InvalidLine(f"there is no {word!r}; `help` lists what there is")
    kind = _FORMS[name][0]
    if kind.number not in ALLOWED_ACTIONS[role.number]:
        raise InvalidLine(f"{name} is not for {role}; `help` lists what is")
    if name in ("wait", "resolve"):
        _expect(rest, 0, name)
        return TextAction(role, kind)
    if name == "say":
        return _said(role, rest)
    args: dict[str, Arg] = {}
    if name == "claim":
        if rest == [FailureType.NONE]:
            return TextAction(role, kind, None, {"failure_type": str(FailureType.NONE)})
        _expect(rest, 2, name)
        args["failure_type"] = _named(rest[1], list(FailureType), "failure")
    elif name == "scale":
        _expect(rest, 2, name)
        if not (rest[1].isascii() and rest[1].isdigit() and 1 <= int(rest[1]) <= 16):
            raise InvalidLine(f"{rest[1]!r} is no number of replicas from 1 to 16")
        args["replicas"] = int(rest[1])
    else:
        _expect(rest, 1, name)
    pool, what = (agents, "fleet agent") if name == "flag" else (services, "service")
    return TextAction(role, kind, _named(rest[0], pool, what), args)


def _said(role: AgentRole, rest: Sequence[str]) -> TextAction:
    to = rest[0][1:].casefold() if rest and rest[0].startswith("@") else ""
    if to and to not in {"all", *AgentRole}:
        raise InvalidLine(f"there is no role {to!r}; there are {', '.join(AgentRole)}")
    text = " ".join(rest[1:] if to else rest)
    if not text:
        raise InvalidLine("say what? As in: say @dev please roll back checkout")
    args = {"message": text, **({"to": to} if to else {})}
    return read_action({"action_type": str(ActionType.COMMUNICATE), "args": args}, role).action


def _expect(rest: Sequence[str], count: int, name: str) -> None:
    if len(rest) != count:
        raise InvalidLine(f"write it as: {' '.join(_FORMS[name][1].split('  ')[0].split())}")


def _named(text: str, pool: Sequence[str], what: str) -> str:
    wanted = text.casefold()
    fitting = [one for one in pool if one.casefold() == wanted] or [
        one for one in pool if one.casefold().startswith(wanted)
    ]
    if len(fitting) == 1:
        return str(fitting[0])
    known = ", ".join(fitting or pool)
    raise InvalidLine(
        f"{text!r} means several: {known}" if fitting else f"there is no {what} {text!r}; there are {known}"
    )


def _ended(shift: Shift, one: Task) -> int:
    if not shift.done:
        say(f"you left at step {shift.observe().step}; nothing is scored")
        return NOT_ACHIEVED
    team = shift.world.team_reward
    truth = World(one.tier, 1, reveal=True)
    truth.play([one])
    causes = [cause for cause in truth.truth().causes if cause.root]
    names = truth.names()
    say(f"\nthe incident is over. Team score {team:.3f}, yours {shift.score:.3f}.")
    for cause in causes:
        rogue = f", the work of {names.agents[cause.rogue]}" if cause.rogue >= 0 else ""
        say(f"it was {cause.failure.label} at {names.services[cause.service]}{rogue}")
    if not causes:
        say("nothing was wrong but a disturbance that passes by itself")
    return ACHIEVED if team > FLOORS[one.tier] else NOT_ACHIEVED
