"""Settings: one frozen tree, each value with where it came from.

Order: arguments of the command line, `JOURNEYMAN_*` variables, the settings file, defaults.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final, TypeVar, cast

from pydantic import BaseModel, ValidationError

from journeyman.advisors.client_settings import ClientSettings
from journeyman.advisors.model_choice import CLIENT, SEPARATOR
from journeyman.advisors.settings import AdviceSettings, AdvisorSettings
from journeyman.agents.settings import AgentSettings
from journeyman.bundles.settings import BundleSettings
from journeyman.mission.values.errors import InvalidInput, Problem
from journeyman.stores.data_folder import PREFIX, default_data_folder, settings_path

_KEY_HINT: Final = "a key is never a setting: name its variable with api_key_env"
T = TypeVar("T", bound=BaseModel)
_ABOUT: Final = "about"
_RESERVED: Final = {"none": "no advisor", CLIENT: "the model of the session's own client"}
_TABLES: Final = ("advice", "advisors", "agents", "bundles", "clients")
"""Settings that are tables."""


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A setting as people are shown it."""

    name: str
    value: str
    source: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What Journeyman needs to know besides the mission."""

    data_dir: Path = field(
        default_factory=lambda: Path(default_data_folder()),
        metadata={_ABOUT: "where records are kept, one folder per tenant"},
    )
    tenant: str = field(default="default", metadata={_ABOUT: "whose records these are"})
    person: str = field(
        default="", metadata={_ABOUT: "who answers for people in this process; the login name when empty"}
    )
    lease_ttl_s: float = field(
        default=10.0,
        metadata={_ABOUT: "seconds without a heartbeat after which another process may take a session over"},
    )
    sandbox_workers: int = field(default=2, metadata={_ABOUT: "worker processes for predicates and scripts"})
    notify: str = field(
        default="",
        metadata={
            _ABOUT: "when a person is needed or a run ends: desktop, or a command that gets the text as its last argument"
        },
    )
    advice: AdviceSettings = field(default_factory=AdviceSettings)
    """What holds for all advisors: whether they are asked at all, how often, how many at a time."""
    advisors: Mapping[str, AdvisorSettings] = field(default_factory=dict[str, AdvisorSettings])
    """Models that missions may name, from the `[advisors.NAME]` tables of the settings file."""
    agents: Mapping[str, AgentSettings] = field(default_factory=dict[str, AgentSettings])
    """Coding agents that are not started as usual, from the `[agents.NAME]` tables of the settings file."""
    clients: Mapping[str, ClientSettings] = field(default_factory=dict[str, ClientSettings])
    """How connected clients' models are asked, from the `[clients.NAME]` tables of the settings file."""
    bundles: BundleSettings = field(default_factory=BundleSettings)
    """Where bundles are shared, from the `[bundles]` table of the settings file."""
    sources: Mapping[str, str] = field(default_factory=dict[str, str])
    """Where each value that is no default came from."""

    def rows(self) -> list[SettingRow]:
        """Each setting with its value, where that came from, and what it is for."""
        rows = [
            SettingRow(name, str(getattr(self, name)), self.sources.get(name, "default"), about)
            for name, about in explained().items()
        ]
        advice = "what holds for all advisors: whether they are asked at all, how often, how many at a time"
        rows.append(SettingRow("advice", self.advice.describe(), self.sources.get("advice", "default"), advice))
        about = "a model that missions may name as their advisor"
        rows += [
            SettingRow(f"advisors.{name}", table.describe(), self.sources.get("advisors", ""), about)
            for name, table in self.advisors.items()
        ]
        about = "how the models of connected clients of this name are asked"
        rows += [
            SettingRow(f"clients.{name}", table.describe(), self.sources.get("clients", ""), about)
            for name, table in self.clients.items()
        ]
        about = "where `journeyman bundle share` puts a bundle: a folder, or git+URL"
        rows.append(SettingRow("bundles", self.bundles.describe(), self.sources.get("bundles", "default"), about))
        about = "how a coding agent is started"
        return rows + [
            SettingRow(f"agents.{name}", table.describe(), self.sources.get("agents", ""), about)
            for name, table in self.agents.items()
        ]


def explained() -> dict[str, str]:
    """The settings that are single values, each with what it is for."""
    return {item.name: item.metadata[_ABOUT] for item in fields(Settings) if _ABOUT in item.metadata}


def settings_file() -> Path:
    """The path of the settings file; it need not exist."""
    return Path(settings_path())


def load_settings(
    arguments: Mapping[str, str | None] | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """The settings; raises `InvalidInput` with every value that is malformed."""
    environment = os.environ if environment is None else environment
    names = list(explained())
    problems: list[Problem] = []
    raw: dict[str, tuple[object, str]] = {}
    path = settings_file()
    tables: dict[str, object] = {}
    for key, value in _from_file(path, problems).items():
        if key in _TABLES:
            tables[key] = value
        elif key in names:
            raw[key] = (value, str(path))
        else:
            near = difflib.get_close_matches(key, [*names, *_TABLES], n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join([*names, *_TABLES])}"
            problems.append(Problem(where=f"{path}: {key}", message="is not a known setting", hint=hint))
    for name in names:
        variable = f"{PREFIX}{name.upper()}"
        if environment.get(variable):
            raw[name] = (environment[variable], variable)
        argument = (arguments or {}).get(name)
        if argument:
            raw[name] = (argument, f"--{name.replace('_', '-')}")
    values = {name: _typed(name, value, source, problems) for name, (value, source) in raw.items()}
    values["advice"], values["advisors"] = _advice(tables, path, problems)
    values["bundles"] = _checked(BundleSettings, tables.get("bundles", {}), "bundles", path, problems)
    values["clients"] = _named(ClientSettings, tables, "clients", path, problems)
    values["agents"] = _named(AgentSettings, tables, "agents", path, problems)
    if problems:
        raise InvalidInput("settings", tuple(problems))
    sources = {name: source for name, (_, source) in raw.items()} | dict.fromkeys(tables, str(path))
    return Settings(**values, sources=sources)  # pyright: ignore[reportArgumentType]  # _typed gave each its field's type


def _from_file(path: Path, problems: list[Problem]) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(Problem(where=str(path), message=f"cannot be read: {error}", hint="repair or remove it"))
        return {}


def checked_setting(name: str, value: str) -> object:
    """A value for one setting; raises `InvalidInput` where there is no such setting, or the value does not fit."""
    problems: list[Problem] = []
    if name not in explained():
        near = difflib.get_close_matches(name, explained(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(explained())}"
        problems.append(Problem(where=name, message="is not a known setting", hint=hint))
    found = None if problems else _typed(name, value, "config set", problems)
    if problems:
        raise InvalidInput("settings", tuple(problems))
    return found


def _typed(name: str, value: object, source: str, problems: list[Problem]) -> object:
    try:
        match name:
            case "data_dir":
                return Path(str(value)).expanduser().resolve()
            case "lease_ttl_s":
                return _between(float(str(value)), 0.5, 3600)
            case "sandbox_workers":
                return int(_between(int(str(value)), 1, 64))
            case _:
                return str(value)
    except ValueError as error:
        problems.append(Problem(where=f"{source}: {name}", message=f"{value!r} does not fit ({error})"))
        return None


def _advice(tables: Mapping[str, object], path: Path, problems: list[Problem]) -> tuple[object, object]:
    """The checked tables; whatever is wrong with them is added to `problems`."""
    made = _named(AdvisorSettings, tables, "advisors", path, problems)
    for name in made:
        if SEPARATOR in name:
            problems.append(
                Problem(where=f"{path}: advisors.{name}", message=f"holds {SEPARATOR!r}; take another name")
            )
        if name in _RESERVED:
            message = f"is the name for {_RESERVED[name]}; take another"
            problems.append(Problem(where=f"{path}: advisors.{name}", message=message))
    return _checked(AdviceSettings, tables.get("advice", {}), "advice", path, problems), made


def _named(
    model: type[T], tables: Mapping[str, object], kind: str, path: Path, problems: list[Problem]
) -> dict[str, T | None]:
    """The tables `[KIND.NAME]`, by name."""
    named = tables.get(kind, {})
    if not isinstance(named, dict):
        problems.append(Problem(where=f"{path}: {kind}", message=f"must be tables [{kind}.NAME]"))
        return {}
    return {
        name: _checked(model, table, f"{kind}.{name}", path, problems)
        for name, table in cast("dict[str, object]", named).items()
    }


def _checked(model: type[T], table: object, where: str, path: Path, problems: list[Problem]) -> T | None:
    try:
        return model.model_validate(table)
    except ValidationError as error:
        problems.extend(
            Problem(
                where=f"{path}: {'.'.join([where, *(str(part) for part in row['loc'])])}",
                message=row["msg"],
                hint=_KEY_HINT if "key" in str(row["loc"]) else f"known: {', '.join(model.model_fields)}",
            )
            for row in error.errors(include_input=False, include_url=False, include_context=False)
        )
        return None


def _between(value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise ValueError(f"must be from {low} to {high}")
    return value
