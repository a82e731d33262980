"""`command`: a program ends with the wanted exit code, run by the engine on a pristine copy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StrictInt, StrictStr, model_validator

from journeyman.mission.criteria.allowed_tools import DraftFacts
from journeyman.mission.criteria.base import Criterion
from journeyman.mission.criteria.engine_check import CommandCheck, judge_check
from journeyman.mission.criteria.evidence import Judgement
from journeyman.mission.criteria.evidence_view import EvidenceView
from journeyman.mission.criteria.schema import Name, Seconds, Strict

REPORT: Final = "{report}"


class JunitReport(Strict):
    """What a test report in JUnit's XML form must say. No test of it may have failed."""

    passed_at_least: Annotated[StrictInt, Field(ge=1, le=10_000_000)] = 1
    """How many tests must have passed; skipped ones, and those that are expected to fail, count for nothing."""


class CommandCriterion(Criterion):
    """Met when a command, never a shell line, ends with `exit_code` in a pristine copy of a folder."""

    kind: Literal["command"]
    run: Annotated[list[StrictStr], Field(min_length=1)]
    """Program and arguments; `{copy}` stands for the copied path, `{report}` for the file that `junit` reads."""
    path: Name = "."
    """File or folder that is copied, relative to the mission file's folder."""
    exit_code: StrictInt = 0
    """With which the program must end."""
    junit: JunitReport | None = None
    """Tests are counted, too, in the report that the program writes to `{report}`: an exit code alone also comes from a
    program that ended before its tests, or ran none."""
    timeout_s: Annotated[Seconds, Field(gt=0, le=3600)] = 60
    """Seconds after which the program is ended, and nothing is known."""
    paths: Annotated[list[Name], Field(max_length=100)] = Field(default_factory=list[str])
    """Files that decide how it ends, as patterns such as `src/**`: in a mission that only judges, it is not run again while
    they are the same. Any file may decide where there are none."""

    @model_validator(mode="after")
    def _names_the_report(self) -> Self:
        if (self.junit is not None) != any(REPORT in word for word in self.run):
            raise ValueError(
                f"`junit` reads what `run` writes to {REPORT}: give both or neither, such as --junitxml={REPORT} for pytest"
            )
        return self

    def engine_check(self) -> CommandCheck:
        """The run that it asks for."""
        return CommandCheck(
            argv=self.run,
            folder=self.path,
            exit_code=self.exit_code,
            timeout_s=float(self.timeout_s),
            passed_at_least=None if self.junit is None else self.junit.passed_at_least,
        )

    def inputs(self) -> tuple[str, ...]:
        """The files that its author named."""
        return tuple(self.paths)

    def draft_faults(self, known: DraftFacts) -> Iterator[str]:
        """Say that nobody knows what a program does."""
        yield from super().draft_faults(known)
        yield "runs a command, which may write; add it by hand if it only looks"

    def judge(self, view: EvidenceView) -> Judgement:
        """Take what the engine's run found."""
        return judge_check(self.id, view)

    def sentence(self) -> str:
        """Say what is asked for."""
        where = "" if self.path == "." else f" in a copy of {self.path}"
        decided = f", as {', '.join(self.paths)} decide" if self.paths else ""
        least = (
            "" if self.junit is None else f" with {self.junit.passed_at_least} or more passed tests and no failed one"
        )
        return f"`{' '.join(self.run)}` exits with {self.exit_code}{least}{where} within {self.timeout_s} s{decided}"

    def words(self) -> tuple[str, ...]:
        """The command's words."""
        return tuple(self.run)
