"""The questions whose answers no role may see: rows of candidates, their public facts, what is seen of them, the truth."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.leaks.comparison import Question
from benchmarks.leaks.watching import Told, Watched
from journeyman.gym.catalog import CATALOG
from journeyman.gym.world import Cause, Truth

SEED_BITS: Final = 4
TEXT_FEATURES: Final = 256
_PAIR: Final = 2
_AXES: Final = {
    "service": {"metrics": 1, "usual_latency": 0, "health": 0, "alerts": 0, "replicas": 0, "calls": 0, "change_age": 0},
    "agent": {"jobs": 0, "blocked": 0},
}
"""The axis of each array on which candidates of a kind lie."""


class _Rows:
    """Candidates as they are gathered."""

    def __init__(self) -> None:
        self.public: list[list[float]] = []
        self.seen: list[NDArray[np.float64]] = []
        self.answer: list[int] = []
        self.world: list[int] = []

    def add(self, world: int, public: Sequence[float], seen: NDArray[np.float64], answer: int) -> None:
        """Add one."""
        self.public.append(list(public))
        self.seen.append(seen)
        self.answer.append(answer)
        self.world.append(world)

    def question(self, name: str) -> Question | None:
        """All of them; `None` where there are none."""
        if not self.answer:
            return None
        return Question(
            name=name,
            public=np.array(self.public, np.float64),
            seen=np.stack(self.seen),
            answer=np.array(self.answer),
            world=np.array(self.world),
        )


def of_agents(label: str, seen: Sequence[Watched], truths: Sequence[Truth], *, plain: bool) -> Iterator[Question]:
    """Who will turn rogue; `plain` drops empty rows of tables, as the plain form does."""
    rogue = _Rows()
    for look in seen:
        for world, truth in enumerate(truths):
            for agent, public, is_rogue in agents_to_come(truth, look, world):
                rogue.add(world, public, _World(look, world, plain=plain).of("agent", agent), is_rogue)
    question = rogue.question(f"{label}: rogue to come")
    if question is not None:
        yield question


def of_strikes(label: str, seen: Sequence[Watched], truths: Sequence[Truth]) -> Iterator[Question]:
    """Which of the actions of one step is a rogue's, by where it stands; what it is everybody may know."""
    strike = _Rows()
    for look in seen:
        age, agent = look.arrays["age"], look.arrays["agent"]
        for world, truth in enumerate(truths):
            if not truth.rogues:
                continue
            there = np.flatnonzero(agent[:, world] >= 0)
            for step in np.unique(age[there, world]):
                mine = there[age[there, world] == step]
                theirs = np.isin(agent[mine, world], truth.rogues)
                if len(mine) < _PAIR or not theirs.any():
                    continue
                for place, row in enumerate(mine.tolist()):
                    known = [float(look.arrays[name][row, world]) for name in ("age", "verb", "ticket")]
                    stands = np.array([place, place % 2, row % 2, place == len(mine) - 1], np.float64)
                    strike.add(world, [*known, float(len(mine))], stands, int(theirs[place]))
    question = strike.question(f"{label}: the strike of a step")
    if question is not None:
        yield question


def of_arrays(label: str, seen: Sequence[Watched], truths: Sequence[Truth], *, plain: bool) -> Iterator[Question]:
    """What will fail, how, and which world it is."""
    service, kind, bits = _Rows(), _Rows(), [_Rows() for _ in range(SEED_BITS)]
    for look in seen:
        for world, truth in enumerate(truths):
            view = _World(look, world, plain=plain)
            for number, public, cause in services_to_come(truth, look, world):
                service.add(world, public, view.of("service", number), int(cause is not None))
                if cause is not None:
                    kind.add(world, public, view.of("service", number), int(CATALOG[cause.failure].group))
            whole = view.whole()
            for bit, rows in enumerate(bits):
                rows.add(world, [0.0], whole, world >> bit & 1)
    named = [("failure to come", service), ("its kind", kind)]
    named += [(f"bit {bit} of the seed", rows) for bit, rows in enumerate(bits)]
    for name, rows in named:
        question = rows.question(f"{label}: {name}")
        if question is not None:
            yield question


def of_words(label: str, seen: Sequence[Told], truths: Sequence[Truth], facts: Sequence[Watched]) -> Iterator[Question]:
    """The same questions to the words that a role reads."""
    rogue, service, kind, bits = _Rows(), _Rows(), _Rows(), [_Rows() for _ in range(SEED_BITS)]
    by_step = {look.step: look for look in facts}
    for page in seen:
        truth, look = truths[page.world], by_step[page.step]
        for agent, public, is_rogue in agents_to_come(truth, look, page.world):
            rogue.add(page.world, public, _read(page, page.agents[agent]), is_rogue)
        for number, public, cause in services_to_come(truth, look, page.world):
            text = _read(page, page.services[number])
            service.add(page.world, public, text, int(cause is not None))
            if cause is not None:
                kind.add(page.world, public, text, int(CATALOG[cause.failure].group))
        for bit, rows in enumerate(bits):
            rows.add(page.world, [0.0], _hashed(page.text), page.world >> bit & 1)
    named = [("rogue to come", rogue), ("failure to come", service), ("its kind", kind)]
    named += [(f"bit {bit} of the seed", rows) for bit, rows in enumerate(bits)]
    for name, rows in named:
        question = rows.question(f"{label}: {name}")
        if question is not None:
            yield question


def agents_to_come(truth: Truth, look: Watched, world: int) -> Iterator[tuple[int, list[float], int]]:
    """The agents that have done no harm yet, in worlds where one of them will; with what anybody may know of them."""
    jobs = look.arrays.get("jobs")
    later = {cause.rogue for cause in truth.causes if cause.rogue >= 0 and cause.onset > look.step}
    active = {cause.rogue for cause in truth.causes if cause.rogue >= 0 and cause.onset <= look.step}
    later -= active
    if jobs is None or not later:
        return
    own = jobs[:, world]
    for agent in range(len(own)):
        if agent not in active:
            alike = float((own == own[agent]).sum())
            yield agent, [float(own[agent]), alike, float(look.step), float(len(own))], int(agent in later)


def services_to_come(truth: Truth, look: Watched, world: int) -> Iterator[tuple[int, list[float], Cause | None]]:
    """The services that nothing disturbs yet, in worlds where something will; a consequence is no surprise, and aside."""
    roots = {cause.service: cause for cause in truth.causes if cause.root or not cause.real}
    disturbed = {cause.service for cause in truth.causes if cause.onset <= look.step}
    later = {number: cause for number, cause in roots.items() if cause.onset > look.step and number not in disturbed}
    chained = {cause.service for cause in truth.causes if cause.real and not cause.root}
    if not later:
        return
    services = int(look.arrays["common.services"][world])
    calls = look.arrays.get("calls")
    for number in range(1, services):
        if number in disturbed or number in chained:
            continue
        out = -1.0 if calls is None else float((calls[number, :, world] >= 0).sum())
        into = -1.0 if calls is None else float((calls[:, :, world] == number).sum())
        place = number / services
        public = [float(number), place, float(services - number), float(services), out, into, float(look.step)]
        yield number, public, later.get(number)


class _World:
    """One world's arrays of an observation."""

    def __init__(self, look: Watched, world: int, *, plain: bool) -> None:
        self._arrays = {name: array[..., world] for name, array in look.arrays.items()}
        self._plain = plain
        self._tables = [
            name
            for name, array in self._arrays.items()
            if name in ("age", "agent", "verb", "target", "ticket") and array.ndim == 1
        ]

    def of(self, kind: str, number: int) -> NDArray[np.float64]:
        """What is seen of a candidate: its own places in arrays, and the rows of tables that name it."""
        parts: list[NDArray[np.float64]] = []
        for name, array in self._arrays.items():
            if name in self._tables or name == "common.messages":
                continue
            if name in _AXES[kind]:
                parts.append(np.ravel(np.take(array, number, axis=_AXES[kind][name])).astype(np.float64))
        if self._tables:
            parts.append(self._of_table(kind, number))
        focus = self._arrays.get("focus")
        if focus is not None:
            parts.append(np.array([float(focus == number)]))
            parts += [np.ravel(self._arrays[name]).astype(np.float64) * (focus == number) for name in ("probes",)]
        return np.concatenate(parts) if parts else np.zeros(1)

    def _of_table(self, kind: str, number: int) -> NDArray[np.float64]:
        columns = {name: self._arrays[name].astype(np.float64) for name in self._tables}
        named = columns["agent" if kind == "agent" else "target"]
        if self._plain:
            there = columns["agent"] >= 0
            width = len(named)
            columns = {name: _padded(column[there], width) for name, column in columns.items()}
            named = columns["agent" if kind == "agent" else "target"]
        mine = named == number
        rows = [np.where(mine, columns[name], -2.0) for name in ("age", "verb", "ticket")]
        # The second and later actions of one step: order within a step must tell nothing.
        age = columns["age"]
        later = np.concatenate([[False], (age[1:] == age[:-1]) & (age[1:] >= 0)])
        sums = [
            float((mine & later).sum()),
            float((mine & ~later).sum()),
            float((mine & (np.arange(len(mine)) % 2 == 1)).sum()),
        ]
        return np.concatenate([*rows, sums])

    def whole(self) -> NDArray[np.float64]:
        """Everything that is seen, flat."""
        return np.concatenate([np.ravel(array).astype(np.float64) for array in self._arrays.values()])


def _padded(column: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    return np.concatenate([column, np.full(width - len(column), -1.0)])


@cache
def _vectors() -> Any:
    return importlib.import_module("sklearn.feature_extraction.text").HashingVectorizer(
        n_features=TEXT_FEATURES,
        ngram_range=(1, 2),
        alternate_sign=False,
        norm=None,
        token_pattern=r"[^\s:,]+",  # noqa: S106  # of words
    )


def _hashed(text: str) -> NDArray[np.float64]:
    return np.asarray(_vectors().transform([text]).todense(), np.float64).ravel()


def _read(page: Told, name: str) -> NDArray[np.float64]:
    """The lines that name a candidate, others' names left out, and where they stand."""
    others = sorted({*page.services, *page.agents} - {name}, key=len, reverse=True)
    lines = page.text.splitlines()
    mine = [
        (place, line) for place, line in enumerate(lines) if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", line)
    ]
    text = "\n".join(line for _, line in mine)
    for other in others:
        text = text.replace(other, "_")
    text = text.replace(name, "X")
    places = [place for place, _ in mine]
    stands = [
        float(len(mine)),
        float(min(places, default=-1)),
        float(max(places, default=-1)),
        float(len(lines)),
        float(len(name)),
    ]
    return np.concatenate([_hashed(text), stands])
