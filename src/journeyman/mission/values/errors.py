"""The errors of Journeyman, by who must act.

```
JourneymanError
├── CallerError      fix the call, the mission file or the answer you gave; trying again as it is cannot help
│   ├── InvalidInput     a value is malformed: carries every problem found, not only the first
│   ├── NotFound         no such session, effect, tool, blob or criterion
│   └── NotAllowed       the thing exists, but the state, the lease or the policy forbids it now
├── WorldError       wait, repair or give more; `retry_after_s` says when it may help to try again
│   ├── HeadMoved        somebody appended to the record first: read on, then decide again
│   ├── LeaseHeld        another process drives this session
│   ├── LeaseLost        the lease ran out and another owner took over: this process must stop
│   ├── BudgetRefused    the tenant's ceiling leaves no room for the reservation
│   ├── Unavailable      a store, server or model cannot be reached
│   └── CouldNotStart    the tools of a session cannot be had: nothing of it was done
└── BugError         report it: the record is broken or an invariant does not hold
    └── RecordBroken     the chain, a blob or a stored event is not what was written
```

Each error has a stable `code`. The text says what happened, shows the value and says what to do next. No secrets.
"""

from __future__ import annotations

from dataclasses import dataclass


class JourneymanError(Exception):
    """The root; catch it at an entry point to show `code` and text instead of a traceback."""

    code = "error"
    retry_after_s: float | None = None
    ended_session: bool = False
    """Whether a session ended for it that had not begun: it could not start, whoever must act now."""

    def __init__(self, message: str, *, code: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code
        if retry_after_s is not None:
            self.retry_after_s = retry_after_s


class CallerError(JourneymanError):
    """The caller must change something."""

    code = "caller"


class WorldError(JourneymanError):
    """The world must change: wait, repair or give more."""

    code = "world"


class BugError(JourneymanError):
    """An invariant of Journeyman itself does not hold."""

    code = "bug"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with an input."""

    where: str
    """Dotted place in the input, such as `criteria.1.op`; empty for the whole."""
    message: str
    """What is wrong, with the value."""
    hint: str = ""
    """What to do next; empty when the message says it already."""
    line: int | None = None
    """1-based line in the file, where the input came from one."""
    file: str = ""
    """The file, where it is not the one that was asked for but one that it includes."""

    def __str__(self) -> str:
        line = f"line {self.line}: " if self.line is not None else ""
        line = f"{self.file}: {line}" if self.file else line
        where = f"{self.where}: " if self.where else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{line}{where}{self.message}{hint}"


class InvalidInput(CallerError):
    """An input is malformed; `problems` holds every fault that was found."""

    code = "invalid_input"

    def __init__(self, what: str, problems: tuple[Problem, ...], *, code: str | None = None) -> None:
        self.what = what
        self.problems = problems
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"{what} has {len(problems)} problem{'s' if len(problems) != 1 else ''}:\n{lines}", code=code)


class NotFound(CallerError):
    """The named thing does not exist."""

    code = "not_found"


class NotAllowed(CallerError):
    """The thing exists, but may not be done now."""

    code = "not_allowed"


class HeadMoved(WorldError):
    """The record grew since it was read."""

    code = "head_moved"


class LeaseHeld(WorldError):
    """Another owner holds a live lease."""

    code = "lease_held"


class LeaseLost(WorldError):
    """A newer lease exists; the fencing token is stale."""

    code = "lease_lost"


class BudgetRefused(WorldError):
    """The tenant's ceiling leaves no room."""

    code = "budget_refused"


class Unavailable(WorldError):
    """Something outside cannot be reached now."""

    code = "unavailable"


class CouldNotStart(WorldError):
    """A session has no tools to begin with, or to go on with."""

    code = "could_not_start"


class RecordBroken(BugError):
    """The stored record is not what was written."""

    code = "record_broken"
