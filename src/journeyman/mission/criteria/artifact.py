"""`artifact`: a file or folder is there and passes the checks given."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StrictInt, StrictStr, field_validator

from journeyman.mission.criteria.base import Criterion
from journeyman.mission.criteria.engine_check import FileCheck, judge_check
from journeyman.mission.criteria.evidence import Judgement
from journeyman.mission.criteria.evidence_view import EvidenceView
from journeyman.mission.criteria.schema import AS_RECORDED, Name, Strict
from journeyman.mission.values.canonical import Json, canonical
from journeyman.mission.values.compare import Operator
from journeyman.mission.values.patterns import compile_pattern


class JsonCheck(Strict):
    """A value at a dot path of a JSON file compares true."""

    path: StrictStr
    """Dot path into the document."""
    op: Operator = "=="
    """How the value is compared with `target`."""
    target: Annotated[Json, AS_RECORDED]
    """What it is compared with; values of two types are never equal."""


class CsvCheck(Strict):
    """A CSV file has these columns and at least so many rows."""

    header: list[StrictStr] = Field(default_factory=list)
    """Columns that the first row must name."""
    min_rows: Annotated[StrictInt, Field(ge=0)] = 0
    """Fewest rows behind the first one."""


class ArtifactCriterion(Criterion):
    """Met when a file or folder exists and passes every check given, looked at on a pristine copy."""

    kind: Literal["artifact"]
    path: Name
    """Relative to the mission file's folder."""
    json_value: JsonCheck | None = Field(default=None, alias="json")
    """A value that the file, read as JSON, must hold."""
    csv: CsvCheck | None = None
    """What the file, read as CSV, must hold."""
    regex: StrictStr | None = None
    """Searched for in the text, in linear time."""
    sha256: Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """What the file's bytes must hash to, in hexadecimal digits."""
    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    @field_validator("regex")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            compile_pattern(pattern)
        return pattern

    def engine_check(self) -> FileCheck:
        """Everything that is asked of the file, as one look at it."""
        json, csv = self.json_value, self.csv
        return FileCheck(
            path=self.path,
            json=None if json is None else (json.path, json.op, json.target),
            csv=None if csv is None else (csv.header, csv.min_rows),
            regex=self.regex,
            sha256=self.sha256,
        )

    def inputs(self) -> tuple[str, ...]:
        """The file alone, where it lies in the mission's folder."""
        return () if self.path.startswith(("/", "..")) or "*" in self.path or "?" in self.path else (self.path,)

    def judge(self, view: EvidenceView) -> Judgement:
        """Take what the engine's check found."""
        return judge_check(self.id, view)

    def sentence(self) -> str:
        """Say what is asked for."""
        checks: list[str] = []
        if (found := self.json_value) is not None:
            checks.append(f"{found.path} {found.op} {canonical(found.target).decode()}")
        if self.csv is not None:
            checks.append(f"at least {self.csv.min_rows} rows of {', '.join(self.csv.header) or 'any columns'}")
        if self.regex is not None:
            checks.append("text in it" if self.regex == r"\S" else f"text like {self.regex!r}")
        if self.sha256 is not None:
            checks.append(f"the SHA-256 {self.sha256}")
        return f"{self.path} exists" + (f" with {' and '.join(checks)}" if checks else "")

    def words(self) -> tuple[str, ...]:
        """The path."""
        return (self.path,)
