"""The roles' actions as typed tools: the one list from which missions, trainers, OpenEnv and verifiers offer them.

A tool is one action and passes a step. Its arguments are called as in `ACTION_JSON_SCHEMA`, so that what was called is
an action as it stands. Models send anything: what is no value of an argument is left out, and the world says what is
missing.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final, Literal, TypeVar

from pydantic import Field

from journeyman.gym.actions import ALLOWED_ACTIONS, MAX_REPLICAS
from journeyman.gym.text.action import EVERYBODY, TextAction
from journeyman.gym.text.reading import MESSAGE_CHARS, read_action
from journeyman.gym.text.render import render_observation
from journeyman.gym.text.shift import Shift
from journeyman.gym.text.words import ActionType, AgentRole, FailureType, TopicName

OVER: Final = "The incident is over."
"""What every tool answers from then on."""
_TOPICS: Final = (
    TopicName.SYMPTOM,
    TopicName.NEED_ESCALATION,
    TopicName.NEED_ROLLBACK,
    TopicName.NEED_RESTART,
    TopicName.NEED_SCALE,
    TopicName.FIXED,
    TopicName.ALL_CLEAR,
    TopicName.NOTE,
)
"""What a message about a service may say: what asks somebody to act comes first."""


class Named(StrEnum):
    """Of what a world has names, known once it is drawn."""

    SERVICE = "service"
    AGENT = "agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """What a tool takes."""

    name: str
    description: str
    form: object = str
    """A type with its bounds; names of a world may become an enumeration instead."""
    named: Named | None = None
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleTool:
    """One action as a tool."""

    name: str
    action_type: ActionType
    description: str
    arguments: tuple[Argument, ...] = ()

    def action(self, given: Mapping[str, object], role: AgentRole) -> TextAction:
        """Put a call into words."""
        return read_action({"action_type": str(self.action_type), **given}, role).action


def _one_of(values: Sequence[str]) -> object:
    return Literal[tuple(map(str, values))]  # pyright: ignore[reportInvalidTypeForm]  # made at run time


_SERVICE: Final = Argument(name="target", description="Name of the service.", named=Named.SERVICE)
_ARGUMENTS: Final[dict[ActionType, tuple[Argument, ...]]] = {
    ActionType.COMMUNICATE: (
        Argument(name="topic", description="What it is about.", form=_one_of(_TOPICS)),
        _SERVICE,
        Argument(
            name="message",
            description="What else to say; not every listener reads prose.",
            form=Annotated[str, Field(max_length=MESSAGE_CHARS)],
            default="",
        ),
        Argument(
            name="to", description="Who shall hear it.", form=_one_of((EVERYBODY, *AgentRole)), default=EVERYBODY
        ),
    ),
    ActionType.SCALE: (
        _SERVICE,
        Argument(
            name="replicas",
            description=f"From 1 to {MAX_REPLICAS}.",
            form=Annotated[int, Field(ge=1, le=MAX_REPLICAS, examples=[MAX_REPLICAS // 2, MAX_REPLICAS])],
        ),
    ),
    ActionType.IDENTIFY_ROOT_CAUSE: (
        _SERVICE,
        Argument(
            name="failure_type",
            description="What is wrong with it; none where nothing is wrong.",
            form=_one_of(tuple(FailureType)),
        ),
    ),
    ActionType.FLAG_ROGUE: (
        Argument(name="target", description="Name of the fleet agent.", named=Named.AGENT),
    ),
    ActionType.RESOLVE: (),
}  # fmt: skip
_SAYS: Final[dict[ActionType, str]] = {
    ActionType.COMMUNICATE: "Tell the other roles something about a service.",
    ActionType.RESTART: "Restart a service.",
    ActionType.ROLLBACK: "Undo a service's last change.",
    ActionType.SCALE: "Set a service's number of replicas.",
    ActionType.IDENTIFY_ROOT_CAUSE: "Name a root cause.",
    ActionType.ESCALATE: "Call outside specialists for a service.",
    ActionType.FLAG_ROGUE: "Stop a fleet agent.",
    ActionType.RESOLVE: "Close the incident, for good.",
}
ROLE_TOOLS: Final[Mapping[str, RoleTool]] = {
    tool.name: tool
    for tool in (
        RoleTool(name="wait", action_type=ActionType.NOOP, description="Do nothing. A step passes."),
        RoleTool(
            name="look",
            action_type=ActionType.NOOP,
            description="Look closer at a service: its measurements and logs that your role can read. A step passes.",
            arguments=(_SERVICE,),
        ),
        *(
            RoleTool(
                name=str(kind),
                action_type=kind,
                description=f"{says} A step passes.",
                arguments=_ARGUMENTS.get(kind, (_SERVICE,)),
            )
            for kind, says in _SAYS.items()
        ),
    )
}
"""All tools by name."""


def tools_of(role: AgentRole) -> tuple[RoleTool, ...]:
    """What a role may call."""
    hands = ALLOWED_ACTIONS[role.number]
    return tuple(one for one in ROLE_TOOLS.values() if one.action_type.number in hands)


def play(shift: Shift, tool: RoleTool, given: Mapping[str, object]) -> str:
    """Play a call and give what the role sees then."""
    if not shift.done:
        shift.act(tool.action(given, shift.role))
    return OVER if shift.done else render_observation(shift.observe())


Call = TypeVar("Call", bound=Callable[..., object])


def typed(
    tool: RoleTool, call: Call, *, leading: Sequence[str] = (), names: Mapping[Named, Sequence[str]] | None = None
) -> Call:
    """Put a tool's name, signature and docstring on a function, for whatever reads tools off these.

    Args:
        tool: The tool.
        call: Takes the leading arguments, and the tool's own by name.
        leading: Its arguments before the tool's own, of which the tool's words say nothing, such as `self`.
        names: The names of a world, where it is known; then nothing else can be called.
    """
    forms = {one.name: _form(one, names or {}) for one in tool.arguments}
    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in leading]
    parameters += [
        inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if one.default is None else one.default,
            annotation=forms[one.name],
        )
        for one in tool.arguments
    ]
    call.__name__ = tool.name
    call.__doc__ = _docstring(tool)
    call.__annotations__ = {**forms, "return": call.__annotations__.get("return")}
    call.__signature__ = inspect.Signature(parameters)  # pyright: ignore[reportFunctionMemberAccess]  # how one is overridden
    return call


def _form(argument: Argument, names: Mapping[Named, Sequence[str]]) -> object:
    known = names.get(argument.named) if argument.named is not None else None
    form = argument.form if known is None else _one_of(known)
    return Annotated[form, Field(description=argument.description)]  # pyright: ignore[reportInvalidTypeForm]


def _docstring(tool: RoleTool) -> str:
    """Write it as Google's style has it: TRL refuses a tool one of whose arguments its docstring does not tell."""
    told = "".join(f"\n    {one.name}: {one.description}" for one in tool.arguments)
    args = f"\n\nArgs:{told}" if told else ""
    return f"{tool.description}{args}\n\nReturns:\n    What you see then."
