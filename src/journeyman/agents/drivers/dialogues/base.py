"""How a headless agent is spoken to and understood: one file an agent, no I/O in any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar, cast

from journeyman.agents.drivers.base import WorkOrder
from journeyman.agents.drivers.events import (
    MOST_CHARS,
    AgentEvent,
    AgentMessage,
    DiffClaimed,
    PermissionAsked,
    Thought,
    ToolKind,
    ToolStarted,
    clip,
)
from journeyman.agents.drivers.json_lines import Row
from journeyman.agents.drivers.known_agent import KnownAgent, Launch

Value = TypeVar("Value")


class Dialogue:
    """One conversation with an agent: what it is told on its input, and what its lines mean.

    An agent that does not ask needs only `read`, and `at_end` where no line of its own says how it ended.
    """

    keeps_input = False
    """Its input stays open until it has said its result."""

    def opening(self, order: WorkOrder) -> bytes:
        """What it is told first, on its standard input."""
        return order.prompt.encode("utf-8", "replace")

    def read(self, row: Row) -> Iterator[AgentEvent]:
        """What a line means. `AgentEnded` is what the agent says of its end: the last one counts, and none may follow the work."""
        raise NotImplementedError

    def reply(self, asked: PermissionAsked, *, allowed: bool) -> bytes:
        """The answer to a request for permission."""
        del asked, allowed
        return b""

    def refuse_unknown(self, row: Row) -> bytes:
        """An answer to a request of another kind, which must not keep the agent waiting."""
        del row
        return b""

    def at_end(self) -> Iterator[AgentEvent]:
        """What the end of its output means."""
        return iter(())


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadlessAgent(KnownAgent):
    """A coding agent that prints its events as lines of JSON."""

    dialogue: Callable[[], Dialogue]
    arguments: Callable[[Launch], list[str]]
    prompt_in_arguments: bool = False
    """It cannot read its prompt from its input: other users of the machine may see it."""


class TextJoiner:
    """Joins pieces of a text, as some agents print it letter by letter, to whole messages of what an event may hold."""

    def __init__(self) -> None:
        self._kind: type[AgentMessage | Thought] = AgentMessage
        self._pieces: list[str] = []
        self._chars = 0

    def add(self, kind: type[AgentMessage | Thought], text: str) -> Iterator[AgentEvent]:
        """Take in a piece; gives what went before where that was of another kind."""
        if kind is not self._kind:
            yield from self.flush()
            self._kind = kind
        if self._chars <= MOST_CHARS:  # one more than fits, so that it is seen to be cut
            self._pieces.append(text)
            self._chars += len(text)

    def flush(self) -> Iterator[AgentEvent]:
        """What was joined so far."""
        text = "".join(self._pieces)
        self._pieces.clear()
        self._chars = 0
        if text.strip():
            yield self._kind(text=clip(text))


class BoundedTable(Generic[Value]):
    """Values by an agent's own ids, the newest ones: it makes up as many as it likes."""

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._values: dict[str, Value] = {}

    def get(self, key: str) -> Value | None:
        """The value, where it is still known."""
        return self._values.get(key)

    def __setitem__(self, key: str, value: Value) -> None:
        self._values[key] = value
        if len(self._values) > self._most:
            del self._values[next(iter(self._values))]

    def pop(self, key: str) -> Value | None:
        """The value, which is not kept any longer."""
        return self._values.pop(key, None)

    def items(self) -> list[tuple[str, Value]]:
        """All that are known, the oldest one first."""
        return list(self._values.items())

    def clear(self) -> None:
        """Forget all."""
        self._values.clear()


_MOST_COUNT: Final = 10**15
_MOST_USD: Final = 1e9


def table(value: object, *path: str) -> Mapping[str, object]:
    """The table at the end of a path of keys; an empty one where there is none."""
    for key in path:
        value = cast("Mapping[str, object]", value).get(key) if isinstance(value, dict) else None
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def rows(value: object) -> Sequence[Mapping[str, object]]:
    """The tables of a list; what is none is left out."""
    listed = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("Mapping[str, object]", item) for item in listed if isinstance(item, dict)]


def text(value: object) -> str:
    """A text as it can be kept; empty where it is none."""
    return clip(value) if isinstance(value, str) else ""


def word(value: object) -> str:
    """A short text: a name, an id, a reason."""
    return clip(value, 200) if isinstance(value, str) else ""


def number(value: object) -> int:
    """A count; 0 where it is none, or below 0. A larger one than anybody can have is the largest, so that limits strike."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        return 0
    return int(min(value, _MOST_COUNT))


def money(value: object) -> float | None:
    """US dollars; `None` where it is no such number. Bounded as counts are."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        return None
    return float(min(value, _MOST_USD))


def code(value: object) -> int | None:
    """An exit code; `None` where it is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 32 else None


_PATH_KEYS: Final = (
    "file_path",
    "filePath",
    "path",
    "absolute_path",
    "notebook_path",
    "dir_path",
    "target_file",
    "file",
    "dir",
)


def paths_in(arguments: Mapping[str, object]) -> tuple[str, ...]:
    """The paths that a call's arguments name."""
    found = [clip(value, 4096) for key in _PATH_KEYS if isinstance(value := arguments.get(key), str) and value]
    return tuple(dict.fromkeys(found))


def call_begins(call_id: str, name: str, kind: ToolKind, given: Mapping[str, object]) -> Iterator[AgentEvent]:
    """What a call's arguments say: what it runs or touches, and how it changes a file."""
    paths = paths_in(given)
    yield ToolStarted(call_id=call_id, name=name, kind=kind, command=text(given.get("command")), paths=paths)
    after = _first(given, "new_string", "newString", "content")
    if kind is ToolKind.WRITE and paths and after is not None:
        before = _first(given, "old_string", "oldString")
        yield DiffClaimed(
            call_id=call_id, path=paths[0], after=clip(after), before=None if before is None else clip(before)
        )


def _first(given: Mapping[str, object], *keys: str) -> str | None:
    return next((value for key in keys if isinstance(value := given.get(key), str)), None)
