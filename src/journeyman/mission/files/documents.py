"""YAML, JSON or TOML text to plain data, with the file and line of each of its places."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias, cast

import yaml

from journeyman.mission.values.errors import InvalidInput, Problem

Form: TypeAlias = Literal["yaml", "json", "toml"]
Place: TypeAlias = "tuple[str | int, ...]"


@dataclass(frozen=True, slots=True)
class Position:
    """Where something stands."""

    line: int | None = None
    """1-based; `None` where the form does not tell."""
    file: str = ""
    """The included file; empty for the mission file itself."""


Positions: TypeAlias = Mapping[Place, Position]
FORMS: Final[Mapping[str, Form]] = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".toml": "toml"}
"""By the ending of a file's name."""
MAX_FILE_BYTES: Final = 1 << 20
"""A mission file is written by people; larger ones are a mistake."""


def read_document(
    text: str | bytes, form: Form, what: str, file: str = "", faults: list[Problem] | None = None
) -> tuple[object, Positions]:
    """What a text holds, and where each place of it stands; raises `InvalidInput`.

    Args:
        text: The document.
        form: What it is written in.
        what: What error texts call it.
        file: The name that its positions get.
        faults: Takes in what is wrong and does not keep the rest from being read, so that it can be told together with
            all else; raised where there is no such list.
    """
    raw = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    if len(raw) > MAX_FILE_BYTES:
        raise InvalidInput(
            what, (Problem(where="", message=f"is {len(raw)} bytes", hint=f"at most {MAX_FILE_BYTES} are read"),)
        )
    try:
        plain = raw.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(
            what, (Problem(where="", message=f"is not UTF-8 at byte {error.start}", hint="save it as UTF-8"),)
        ) from None
    if form == "toml":
        data = _toml(plain, what)
        return data, positions_in(data, file)
    twice: list[Problem] = []
    data, lines = _json(plain, what, twice) if form == "json" else _yaml(plain, what, twice)
    if twice and faults is None:
        raise InvalidInput(what, tuple(twice))
    if faults is not None:
        faults += [replace(problem, file=file) for problem in twice]
    return data, {place: Position(line, file) for place, line in lines.items()}


def positions_in(data: object, file: str = "") -> Positions:
    """Each place in plain data, its line not known."""
    return {place: Position(None, file) for place in _places(data, ())}


def _places(data: object, at: Place) -> Iterator[Place]:
    yield at
    if isinstance(data, dict):
        for name, value in cast("dict[object, object]", data).items():
            yield from _places(value, (*at, str(name)))
    elif isinstance(data, list):
        for index, value in enumerate(cast("list[object]", data)):
            yield from _places(value, (*at, index))


def _toml(text: str, what: str) -> object:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidInput(what, (Problem(where="", message=f"is not TOML: {error}"[:300]),)) from None


class _Loader(yaml.SafeLoader):
    """YAML as JSON knows it: dates stay text, keys stand once, aliases are refused."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):  # pyright: ignore[reportUnknownMemberType]  # untyped library
            event = self.peek_event()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not read", problem_mark=event.start_mark)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {
    key: [(tag, pattern) for tag, pattern in rows if tag != "tag:yaml.org,2002:timestamp"]
    for key, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _json(text: str, what: str, twice: list[Problem]) -> tuple[object, dict[Place, int]]:
    """JSON by its own rules; its lines as YAML finds them, which is a superset but for some white space."""
    try:
        data: object = json.loads(text)
    except json.JSONDecodeError as error:
        message = f"is not JSON: {error.msg} at column {error.colno}"
        raise InvalidInput(what, (Problem(where="", message=message, line=error.lineno),)) from None
    except (RecursionError, ValueError) as error:
        raise InvalidInput(what, (Problem(where="", message=f"is not JSON: {error}"[:300]),)) from None
    try:
        _, lines = _yaml(text.replace("\t", " "), what, twice)
    except InvalidInput:
        return data, dict.fromkeys(_places(data, ()), 1)
    return data, lines


def _yaml(text: str, what: str, twice: list[Problem]) -> tuple[object, dict[Place, int]]:
    try:
        loader = _Loader(text)
    except yaml.YAMLError as error:  # the reader refuses characters that no YAML may hold
        raise InvalidInput(
            what, (Problem(where="", message=f"is not YAML: {' '.join(str(error).split())}"[:300]),)
        ) from None
    try:
        node = loader.get_single_node()
        lines: dict[Place, int] = {}
        _walk_lines(node, (), lines, twice)
        data: object = loader.construct_document(node) if node is not None else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # untyped library
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else None
        raise InvalidInput(what, (Problem(where="", message=f"is not YAML: {error.problem}", line=line),)) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InvalidInput(
            what, (Problem(where="", message=f"is not YAML: {' '.join(str(error).split())}"[:300]),)
        ) from None
    finally:
        loader.dispose()  # pyright: ignore[reportUnknownMemberType]  # untyped library
    return cast("object", data), lines


def _walk_lines(node: yaml.Node | None, at: Place, lines: dict[Place, int], twice: list[Problem]) -> None:
    if node is None:
        return
    lines.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        known: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in known:
                twice.append(
                    Problem(
                        where=".".join(map(str, (*at, name))),
                        message=f"stands twice, first in line {lines[(*at, name)]}",
                        hint="keep one of them",
                        line=key.start_mark.line + 1,
                    )
                )
            known.add(name)
            lines[(*at, name)] = key.start_mark.line + 1
            _walk_lines(value, (*at, name), lines, twice)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk_lines(value, (*at, index), lines, twice)
