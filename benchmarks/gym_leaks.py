"""No role can tell what it cannot know: who will turn rogue, what will fail, which failure it is, which world this is.

For each role, tier, range of steps and form of the observation (arrays, plain numbers, words) a gradient boosting
classifier learns from half of the worlds to answer each question from what the role sees, and another from public facts
only. Where the first predicts the other half better, all tests corrected together (Holm), something leaks. Leaks that
earlier versions had are planted again, and must be found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from benchmarks.leaks.comparison import ALPHA, Finding, ask, leaks
from benchmarks.leaks.planted import planted, planted_in_words
from benchmarks.leaks.questions import of_agents, of_arrays, of_strikes, of_words
from benchmarks.leaks.watching import STEPS, told, watched
from benchmarks.report import Meter, Row
from journeyman.gym.actions import Role
from journeyman.gym.tasks import Tier

WORLDS: Final = 1_200
WORLDS_IN_WORDS: Final = 600
WORLDS_WITH_ROGUES: Final = {Tier.MEDIUM: 8_000, Tier.HARD: 4_000}
"""Few worlds have a rogue that has not struck yet, and none after the second step."""
_FIRST: Final = "first"


def run(progress: Meter) -> list[Row]:
    """Ask every question of every role, then those whose answers were made to leak."""
    findings: list[Finding] = []
    progress.start("tiers x roles x spans", len(Tier) * (len(Role) * len(STEPS) + 1))
    for tier in Tier:
        findings += _of_tier(tier, progress)
        findings += _of_rogues(tier)
        progress.step()
    held = leaks(findings)
    return [
        *_planted(len(findings), progress),
        Row("tests", len(findings), "", ">= 250", len(findings) >= 250),
        *(
            Row(one.name, one.gain, f"nats over public facts, p {one.p:.1e}, {one.worlds} worlds", "none")
            for one in held
        ),
        Row("leaks", len(held), "", "0", not held),
    ]


def _of_tier(tier: Tier, progress: Meter) -> Iterator[Finding]:
    seen, truths = watched(tier, WORLDS)
    pages = told(tier, WORLDS_IN_WORDS)
    for role in Role:
        for span in STEPS:
            looks = [look for look in seen if (look.role, look.span) == (role, span)]
            read = [page for page in pages if (page.role, page.span) == (role, span)]
            label = f"{tier.label} {role.label} {span}"
            questions = [*of_arrays(f"{label}, arrays", looks, truths, plain=False)]
            if role is Role.OVERSIGHT:
                questions += of_arrays(f"{label}, numbers", looks, truths, plain=True)
            questions += of_words(f"{label}, words", read, truths, looks)
            yield from (one for question in questions if (one := ask(question)) is not None)
            progress.step()


def _of_rogues(tier: Tier) -> Iterator[Finding]:
    worlds = WORLDS_WITH_ROGUES.get(tier, 0)
    if not worlds:
        return
    last = max(STEPS[_FIRST])
    looks, truths = watched(tier, worlds, [Role.OVERSIGHT], last)
    read = told(tier, worlds, [Role.OVERSIGHT], last)
    label = f"{tier.label} oversight {_FIRST}"
    questions = [
        *of_agents(f"{label}, arrays", looks, truths, plain=False),
        *of_agents(f"{label}, numbers", looks, truths, plain=True),
        *of_strikes(f"{label}, arrays", looks, truths),
        *(one for one in of_words(f"{label}, words", read, truths, looks) if one.name.endswith("rogue to come")),
    ]
    yield from (one for question in questions if (one := ask(question)) is not None)


def _planted(tests: int, progress: Meter) -> list[Row]:
    """Each leak of the past, planted again: it must be found as the smallest of so many tests."""
    progress.start("planted leaks", 1)
    last = max(STEPS[_FIRST])
    seen, truths = watched(Tier.HARD, WORLDS_WITH_ROGUES[Tier.HARD], last=last)
    found = list(planted(seen, truths))
    read = told(Tier.HARD, WORLDS_IN_WORDS, [Role.SRE], last)
    found.append(("other words before a failure", planted_in_words(read, truths, seen)))
    bar = ALPHA / tests
    return [
        Row(
            f"planted: {name}",
            "no test" if one is None else f"{one.p:.1e}",
            "p",
            f"<= {bar:.1e}",
            one is not None and one.p <= bar,
        )
        for name, one in found
    ]
