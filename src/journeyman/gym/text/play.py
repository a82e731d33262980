"""Whole episodes in words: somebody plays some of the roles, a policy the others, and the end is graded like any other.

Who answers is a plain async function, so that a model, an agent or a person can be behind it. It gets the questions of
one step together and may ask them all at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from journeyman.gym.arrays import Ints
from journeyman.gym.evaluate import Episode, MakeTeam, graded
from journeyman.gym.policies.base import Team
from journeyman.gym.tasks import Task
from journeyman.gym.text.action import Read
from journeyman.gym.text.export import team_moves
from journeyman.gym.text.liar import Liar
from journeyman.gym.text.reading import action_to_training_target
from journeyman.gym.text.render import MAX_CHARS
from journeyman.gym.text.session import TextWorld
from journeyman.gym.text.specs import build_openai_messages
from journeyman.gym.text.words import AgentRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one role is asked in one step."""

    role: AgentRole
    step: int
    messages: tuple[Mapping[str, str], ...]
    """`role` and `content` each: the standing instructions, earlier turns with their answers, the view."""


AnswerTurns = Callable[[Sequence[Turn]], Awaitable[Sequence[Read]]]
"""Gives one action per question of a step, in their order; a `reason` says that there was none to be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seating:
    """Who sits where, and what whoever answers is shown."""

    roles: tuple[AgentRole, ...] = tuple(AgentRole)
    """The seats that are asked for."""
    others: MakeTeam | None = None
    """Plays the other seats; `None` leaves them empty."""
    view_chars: int = MAX_CHARS
    """Most of one view, in characters."""
    liar: AgentRole | None = None
    """The seat of a colleague who does nothing but lie: it is neither asked nor played by the others."""
    memory: int = 0
    """Earlier turns, view and answer, that are shown again; 0 is the form of `oracle_examples`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One episode in words."""

    episode: Episode
    acts: Ints
    """(steps, roles, 4): what was done, for `evaluate.Replay`."""
    turns: int
    """Questions that were asked."""
    unreadable: Mapping[str, int]
    """Turns without an action that could be read, by reason; each was a no-op."""
    not_carried_out: int
    """Actions that were read but that the role may not do, or that name what is not there; no-ops too."""


async def play_text(one: Task, answer: AnswerTurns, seating: Seating = Seating()) -> Played:  # frozen
    """Play a task to its end and grade it; whatever `answer` raises ends the episode without a grade.

    Args:
        one: the world to play.
        answer: gives the actions of each step.
        seating: who plays what.
    """
    table = _Table(one, seating)
    while not table.world.done:
        turns = table.turns()
        table.take(await answer(turns))
    acts = table.world.acts
    return Played(
        episode=graded(one, acts),
        acts=acts,
        turns=table.asked,
        unreadable=table.unreadable,
        not_carried_out=table.not_carried_out,
    )


class _Table:
    """The seats around one world, and what was said at each."""

    def __init__(self, one: Task, seating: Seating) -> None:
        self.world: Final = TextWorld(one)
        self.asked = 0
        self.unreadable: dict[str, int] = {}
        self.not_carried_out = 0
        self._seating: Final = seating
        self._roles: Final = tuple(role for role in seating.roles if role is not seating.liar)
        self._liar: Final = None if seating.liar is None else Liar(seating.liar, seed=one.number)
        everybody = set(seating.roles) == set(AgentRole)
        self._team: Final[Team | None] = None if everybody or seating.others is None else seating.others(1)
        self._past: Final = {role: deque[Mapping[str, str]](maxlen=2 * seating.memory) for role in self._roles}
        self._views: dict[AgentRole, Mapping[str, str]] = {}

    def turns(self) -> tuple[Turn, ...]:
        return tuple(map(self._turn, self._roles))

    def _turn(self, role: AgentRole) -> Turn:
        seen = self.world.observe(role)
        system, view = build_openai_messages(seen, max_chars=self._seating.view_chars)
        self._views[role] = view
        return Turn(role=role, step=seen.step, messages=(system, *self._past[role], view))

    def take(self, reads: Sequence[Read]) -> None:
        moves = team_moves(self._team, self.world)
        for role, read in zip(self._roles, reads, strict=True):
            told = read.action.notice or (f"not carried out: {read.reason}" if read.reason else "")
            moves[role] = replace(read.action, notice=told)
            said = {"role": "assistant", "content": action_to_training_target(read.action)}
            self._past[role].extend((self._views[role], said))
            if read.reason:
                self.unreadable[read.reason] = self.unreadable.get(read.reason, 0) + 1
        if self._liar is not None and self._seating.liar is not None:
            moves[self._seating.liar] = self._liar.move(self.world)
        self.asked += len(reads)
        self.world.step(moves)
        refusals = self.world.refusals
        self.not_carried_out += sum(bool(refusals[role]) for role in self._roles)
