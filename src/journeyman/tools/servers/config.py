"""Read the `mcpServers` form that other clients use too: a command to start, or an address to call."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import pydantic

from journeyman.mission.model.servers import Server
from journeyman.mission.values.errors import InvalidInput, Problem
from journeyman.tools.processes.environment import expanded, find_program, missing_variables

_NAME: Final = re.compile(r"[A-Za-z_][\w-]*")


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """A server, ready to be connected to."""

    name: str
    spec: Server
    """As the mission file has it, with variables filled in and its program found."""
    folder: Path | None
    """Where its program starts."""

    def words(self) -> str:
        """What an error text calls it."""
        return self.spec.words()


def read_servers(servers: Mapping[str, object], base_dir: Path | None = None) -> tuple[ServerConfig, ...]:
    """The servers; raises `InvalidInput` with everything that is wrong with any of them.

    Args:
        servers: Name to `{command, args, env, cwd}` or `{url, headers}`. `${NAME}` in values of `env` and `headers` is
            replaced by that variable of this process: nothing else of our environment reaches a server but PATH and the like.
        base_dir: The mission file's folder; programs start there, and a relative `cwd` counts from it.
    """
    problems: list[Problem] = []
    found = [_server(name, spec, base_dir, problems) for name, spec in servers.items()]
    if problems:
        raise InvalidInput("the list of servers", tuple(problems), code="servers_invalid")
    return tuple(server for server in found if server is not None)


def _server(name: str, raw: object, base_dir: Path | None, problems: list[Problem]) -> ServerConfig | None:
    if not _NAME.fullmatch(name):
        problems.append(Problem(where=name, message="is no server name", hint="letters, digits, _ and -"))
    try:
        spec = Server.model_validate(raw)
    except pydantic.ValidationError as error:
        problems.extend(
            _config_problem(name, row["loc"], row["type"], row["msg"].removeprefix("Value error, "))
            for row in error.errors(include_url=False)
        )
        return None
    before = len(problems)
    tables = {key: cast("dict[str, str]", value) for key, value in spec if isinstance(value, dict)}
    problems += [problem for key, table in tables.items() for problem in missing_variables(f"{name}.{key}", table)]
    if len(problems) > before:
        return None
    filled: dict[str, object] = {key: expanded(table) for key, table in tables.items()}
    if spec.command is not None:
        filled["command"] = find_program(spec.command, base_dir)
    cwd = base_dir / spec.cwd if base_dir is not None and spec.cwd else Path(spec.cwd) if spec.cwd else base_dir
    return ServerConfig(name, spec.model_copy(update=filled), cwd)


def _config_problem(name: str, location: tuple[int | str, ...], kind: str, message: str) -> Problem:
    where = ".".join([name, *map(str, location)])
    if kind != "extra_forbidden":
        return Problem(where=where, message=message)
    close = difflib.get_close_matches(str(location[0]), list(Server.model_fields), 1)
    hint = f"nearest: {close[0]}" if close else f"known: {', '.join(Server.model_fields)}"
    return Problem(where=where, message="is no key of a server", hint=hint)
