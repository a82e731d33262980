"""Leaks that earlier versions of the gym had, put back into what was watched: a gate that misses them proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from benchmarks.leaks.comparison import Finding, Question, ask
from benchmarks.leaks.questions import of_agents, of_arrays, of_strikes, of_words
from benchmarks.leaks.watching import Arrays, Told, Watched
from journeyman.gym.actions import Role
from journeyman.gym.world import Truth

Spoil = Callable[[Arrays, int, Truth, int], None]
"""Changes one world's arrays, in place: the arrays of all worlds, the world, its truth, the step."""
_ROWS = ("age", "agent", "verb", "target", "ticket")
_LATE = 999


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """One leak of arrays."""

    name: str
    role: Role
    questions: Callable[[str, Sequence[Watched], Sequence[Truth]], Iterable[Question]]
    """The first of them is asked."""
    spoil: Spoil


def _sorted_rows(arrays: Arrays, world: int, order: Sequence[int]) -> None:
    for name in _ROWS:
        arrays[name][:, world] = arrays[name][list(order), world]


def _strikes_on_odd_rows(arrays: Arrays, world: int, truth: Truth, step: int) -> None:
    """Oversight's rows were so placed that a rogue's stood at odd ones."""
    del step
    rogue = np.isin(arrays["agent"][:, world], truth.rogues)
    theirs, others = np.flatnonzero(rogue).tolist(), np.flatnonzero(~rogue).tolist()
    order: list[int] = []
    for place in range(len(rogue)):
        first, second = (theirs, others) if place % 2 else (others, theirs)
        order.append((first or second).pop(0))
    _sorted_rows(arrays, world, order)


def _strikes_last_in_their_step(arrays: Arrays, world: int, truth: Truth, step: int) -> None:
    """Of two actions of one step the second was always the rogue's."""
    del step
    age, rogue = arrays["age"][:, world], np.isin(arrays["agent"][:, world], truth.rogues)
    place = np.arange(len(age))
    first = np.array([np.flatnonzero(age == one)[0] for one in age])
    _sorted_rows(arrays, world, np.lexsort((place, rogue, first)).tolist())


def _changes_ahead(arrays: Arrays, world: int, truth: Truth, step: int) -> None:
    """A change that lay in the future was shown as one of long ago."""
    for cause in truth.causes:
        if cause.onset > step:
            arrays["change_age"][cause.service, world] = _LATE


def _seed_in_the_noise(arrays: Arrays, world: int, truth: Truth, step: int) -> None:
    """The noise of a number was a function of the key that could be turned round."""
    del truth, step
    arrays["metrics"][0, 0, world] = np.round(arrays["metrics"][0, 0, world], 2) + (world & 1) * 1e-3


def _of_first_bit(label: str, seen: Sequence[Watched], truths: Sequence[Truth]) -> Iterator[Question]:
    return (one for one in of_arrays(label, seen, truths, plain=False) if one.name.endswith("bit 0 of the seed"))


PLANTS = (
    Plant(
        name="rogues on odd rows",
        role=Role.OVERSIGHT,
        questions=partial(of_agents, plain=False),
        spoil=_strikes_on_odd_rows,
    ),
    Plant(
        name="the strike last in its step",
        role=Role.OVERSIGHT,
        questions=of_strikes,
        spoil=_strikes_last_in_their_step,
    ),
    Plant(
        name="a change ahead shows age 999",
        role=Role.DEV,
        questions=partial(of_arrays, plain=False),
        spoil=_changes_ahead,
    ),
    Plant(name="the seed in the noise", role=Role.SRE, questions=_of_first_bit, spoil=_seed_in_the_noise),
)


def planted(seen: Sequence[Watched], truths: Sequence[Truth]) -> Iterator[tuple[str, Finding | None]]:
    """What the gate finds of each leak in what was watched, of oversight in more worlds than of others."""
    for plant in PLANTS:
        looks: list[Watched] = []
        for look in seen:
            if look.role is plant.role:
                arrays = {name: array.copy() for name, array in look.arrays.items()}
                for world, truth in enumerate(truths):
                    plant.spoil(arrays, world, truth, look.step)
                looks.append(replace(look, arrays=arrays))
        yield plant.name, next((ask(one) for one in plant.questions(plant.name, looks, truths)), None)


def planted_in_words(pages: Sequence[Told], truths: Sequence[Truth], facts: Sequence[Watched]) -> Finding | None:
    """What the gate finds where a service's line was worded otherwise before it failed."""
    spoiled: list[Told] = []
    for page in pages:
        ahead = [cause.service for cause in truths[page.world].causes if cause.onset > page.step]
        text = page.text
        for number in ahead:
            text = text.replace(page.services[number], f"{page.services[number]} planned")
        spoiled.append(replace(page, text=text))
    questions = of_words("words", spoiled, truths, facts)
    return next(ask(one) for one in questions if one.name.endswith("failure to come"))
