"""Joins the packages: settings to stores, sandbox, advisors, catalogs and engine."""

from __future__ import annotations

import difflib
import os
import secrets
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import anyio

from journeyman.advisors.agent import AgentAdvisor
from journeyman.advisors.base import Advisor
from journeyman.advisors.broker import Broker
from journeyman.advisors.client_models import ClientModels
from journeyman.advisors.client_settings import DEFAULT, client_settings
from journeyman.advisors.kinds import AdvisorKind, ProviderKind
from journeyman.advisors.model_choice import CLIENT, WithModels, model_choice, settings_name
from journeyman.advisors.prices import PricedModel, Prices
from journeyman.advisors.providers.advisor import ProviderAdvisor
from journeyman.advisors.settings import AdvisorSettings
from journeyman.concurrency.abandonable_tasks import run_abandonable
from journeyman.config import Settings, load_settings, settings_file
from journeyman.engine.clock import Clock, SystemClock
from journeyman.engine.engine import Engine
from journeyman.engine.mission_check import expression_faults
from journeyman.engine.runtime import Runtime
from journeyman.mission.files.documents import FORMS, Form
from journeyman.mission.files.mission_file import parse_mission
from journeyman.mission.model.mission import Function, Gym, Mission, ScriptPlan
from journeyman.mission.model.task import ATTEMPT, Task
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.errors import InvalidInput, NotFound, Problem
from journeyman.stores.sqlite import SqliteStore
from journeyman.tools.base import Catalog
from journeyman.tools.call_limits import CallLimits
from journeyman.tools.catalog import open_catalog
from journeyman.tools.deadline import Deadline
from journeyman.tools.isolated_function import IsolationSpec
from journeyman.tools.predicate import Predicates
from journeyman.tools.results import ResultCaps
from journeyman.tools.sandbox import Sandbox
from journeyman.tools.script import ScriptRun

if TYPE_CHECKING:
    from journeyman.apprentices.task_catalog import OnAttemptEvent
    from journeyman.evaluation.incident_tools import MissionIncident


_CLOSING_S: Final = 0.1
"""Time that advisors have to close their connections; the end of the process closes what is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journeyman:
    """An open Journeyman: the engine with its store and sandbox."""

    settings: Settings
    engine: Engine
    store: SqliteStore
    clock: Clock
    predicates: Predicates
    scripts: ScriptRun
    broker: Broker
    """Asks models; knows those of the settings."""
    advisors: Mapping[str, Advisor]
    """By name."""
    clients: ClientModels | None
    """Who lends a model to which session; `None` where no client can connect."""
    open_tools: Callable[[Mission, Path], AbstractAsyncContextManager[Catalog]]
    """Opens the tools of a mission whose file lies in a folder, as its sessions here get them."""


@asynccontextmanager
async def opened(
    settings: Settings | None = None,
    *,
    functions: Sequence[Callable[..., object]] = (),
    on_attempt: OnAttemptEvent | None = None,
    driver_mark: str = "",
    clients: ClientModels | None = None,
) -> AsyncGenerator[Journeyman]:
    """Open store and sandbox, and close both at the end.

    Args:
        settings: Those of the settings file and the environment when `None`.
        functions: Tools of this process that every mission may name under `tools`, beside those that its file names.
            Another process that goes on with such a session must be given them too.
        on_attempt: Told what agents do in attempts at tasks: the attempt's number, the event, seconds since it began.
        driver_mark: Begins the name under which records say who drove them.
        clients: Those who lend their models to sessions; `None` where no client can connect.
    """
    settings = load_settings() if settings is None else settings
    clock = SystemClock()
    workers = settings.sandbox_workers
    # Scripts have workers of their own: a long script must not keep predicates waiting. Both open on first use.
    async with (
        Sandbox(workers) as judging,
        Sandbox(workers) as scripting,
        await SqliteStore.open(settings.data_dir, tenant=settings.tenant) as store,
        AsyncExitStack() as closing,
    ):
        predicates, scripts = Predicates(judging), ScriptRun(scripting)
        advisors = advisors_of(settings, os.environ)
        broker = broker_of(settings, os.environ, advisors, clients, keyed=not store.read_only)
        closing.push_async_callback(_closed, broker)
        open_tools = partial(mission_catalog, functions=functions, settings=settings, on_attempt=on_attempt)
        world = Runtime(
            store=store,
            open_catalog=open_tools,
            predicates=predicates,
            scripts=scripts,
            clock=clock,
            lease_ttl_s=settings.lease_ttl_s,
            broker=broker,
            records=settings.data_dir,
            tasks=tasks_folder(settings),
            driver_mark=driver_mark,
        )
        yield Journeyman(
            settings=settings,
            engine=Engine(world),
            store=store,
            clock=clock,
            predicates=predicates,
            scripts=scripts,
            broker=broker,
            advisors=advisors,
            clients=clients,
            open_tools=open_tools,
        )


def client_models(settings: Settings) -> ClientModels:
    """For those with whom clients connect: they may lend their models."""
    return ClientModels(client_settings(settings.clients, DEFAULT).attach_within_s)


async def _closed(broker: Broker) -> None:
    with anyio.move_on_after(_CLOSING_S, shield=True):
        await run_abandonable(broker.aclose())


def broker_of(
    settings: Settings,
    environment: Mapping[str, str],
    advisors: Mapping[str, Advisor] | None = None,
    clients: ClientModels | None = None,
    *,
    keyed: bool = True,
) -> Broker:
    """The broker over the configured advisors; no SDK is loaded before one is asked.

    Where nothing can be recorded nobody is asked, so that no key of prompts need be `keyed`.
    """
    advisors = advisors_of(settings, environment) if advisors is None else advisors
    models = {name: priced for name, advisor in advisors.items() if (priced := _priced(advisor)) is not None}
    own = {name: price for name, table in settings.advisors.items() if (price := table.price()) is not None}
    return Broker(
        advisors,
        settings.advice.policy(settings.advisors),
        price=Prices(WithModels(models, lambda name, _: _priced(advisors[name])), own),
        key=prompt_key(settings.data_dir / settings.tenant) if (advisors or clients) and keyed else b"",
        clients=clients,
    )


def advisors_of(settings: Settings, environment: Mapping[str, str]) -> Mapping[str, Advisor]:
    """The configured advisors by name, and on first use each of them under another model as `NAME@MODEL`."""
    known = {name: _advisor(name, table, environment) for name, table in settings.advisors.items()}

    def with_model(name: str, model: str) -> Advisor | None:
        table = settings.advisors[settings_name(name)]
        return _advisor(name, table.with_model(model), environment) if table.takes_model else None

    return WithModels(known, with_model)


def _priced(advisor: Advisor) -> PricedModel | None:
    if not isinstance(advisor, ProviderAdvisor):
        return None
    return PricedModel(advisor.kind, advisor.model, costs=advisor.readiness().costs)


def advisor_problems(settings: Settings, mission: Mission) -> tuple[Problem, ...]:
    """What keeps a mission's advisors from ever being asked: names and models that the settings do not know."""
    known = sorted(settings.advisors)
    found: list[Problem] = []
    for place, name in enumerate(mission.advisors):
        where = "advisor" if isinstance(mission.advisor, str) else f"advisor.chain.{place}"
        table = settings.advisors.get(settings_name(name))
        if name == CLIENT:
            continue
        if table is None:
            near = difflib.get_close_matches(settings_name(name), known, n=1)
            has = f"did you mean {near[0]!r}?" if near else f"configured: {', '.join(known) or 'none'}"
            hint = f"{has}; an advisor is a table [advisors.NAME] of {settings_file()}, and `none` asks nobody"
            found.append(Problem(where=where, message=f"no advisor is called {settings_name(name)!r}", hint=hint))
        elif model_choice(name) and not table.takes_model:
            message = f"{name!r} names a model, and advisors of kind {table.kind.value!r} have none"
            found.append(Problem(where=where, message=message, hint=f"say {settings_name(name)!r}"))
    return tuple(found)


def _advisor(name: str, table: AdvisorSettings, environment: Mapping[str, str]) -> Advisor:
    match table.kind:
        case AdvisorKind.AGENT:
            return AgentAdvisor(table.command, name, costs=table.costs is not False, limits=table.limits())
        case ProviderKind():
            return ProviderAdvisor(name, table, environment)


def prompt_key(folder: Path) -> bytes:
    """The tenant's secret that keys prompt hashes in the audit; drawn once, readable by its owner only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "prompt.key"
    drawn = secrets.token_bytes(32)
    draft = path.with_name(f"prompt.key.{drawn[:4].hex()}")
    if not path.exists():
        with open(draft, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(drawn)
        try:
            os.link(draft, path)  # whole or not at all, and the first of two processes wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()


@asynccontextmanager
async def mission_catalog(
    mission: Mission,
    folder: Path,
    deadline: Deadline | None = None,
    session: str = "",
    *,
    functions: Sequence[Callable[..., object]] = (),
    settings: Settings | None = None,
    on_attempt: OnAttemptEvent | None = None,
) -> AsyncGenerator[Catalog]:
    """Open the tools of a mission whose file lies in `folder`; `deadline` bounds starts, calls and closing.

    `functions` are offered beside those that the mission names. Attempts of a task are made only for a `session`, with the
    agents of the `settings`.
    """
    limits = mission.limits
    servers = {
        name: cast("object", server.model_dump(exclude_defaults=True)) for name, server in mission.servers.items()
    }
    incident = _incident(mission.gym) if mission.gym is not None else None
    async with open_catalog(
        functions=[*map(_function, mission.functions), *functions, *([] if incident is None else incident.tools())],
        declared=mission.declared,
        servers=servers,
        allow=[name for name in mission.tools if mission.task is None or name != ATTEMPT],
        metrics=mission.metrics,
        deadline=deadline,
        limits=CallLimits(
            timeout_s=float(limits.call_timeout_s),
            tries=limits.retries + 1,
            caps=ResultCaps(value_bytes=limits.result_bytes),
        ),
        base_dir=folder,
    ) as catalog:
        if mission.task is not None:
            yield _with_attempts(catalog, mission, mission.task, folder, deadline, session, settings, on_attempt)
        else:
            yield catalog if incident is None else incident.combined_with(catalog)


def tasks_folder(settings: Settings) -> Path:
    """Where sessions whose mission is a task keep what their attempts left."""
    return settings.data_dir / settings.tenant / "tasks"


def _with_attempts(
    catalog: Catalog,
    mission: Mission,
    task: Task,
    origin: Path,
    deadline: Deadline | None,
    session: str,
    settings: Settings | None,
    on_attempt: OnAttemptEvent | None,
) -> Catalog:
    """The tools with the attempts of a task among them: in a session they can be made, elsewhere only looked at."""
    # Agents' drivers take a quarter of the time that any command needs to start, and only tasks need them.
    from journeyman.agents.drivers.installed import refuse_unready  # noqa: PLC0415
    from journeyman.agents.drivers.registry import apprentice_for  # noqa: PLC0415
    from journeyman.apprentices.task_catalog import TaskCatalog, TaskWork, nobody_follows  # noqa: PLC0415
    from journeyman.apprentices.task_folder import TaskFolder  # noqa: PLC0415

    work: TaskWork | None = None
    if session and settings is not None:
        apprentice = apprentice_for(task.agent, settings.agents)
        refuse_unready(task.agent, apprentice.readiness())
        folder = TaskFolder(tasks_folder(settings) / session)
        work = TaskWork(mission=mission, task=task, origin=origin, folder=folder, apprentice=apprentice)
    return TaskCatalog(catalog, work, deadline, on_attempt or nobody_follows)


def _function(wanted: str | Function) -> str | IsolationSpec:
    if isinstance(wanted, str):
        return wanted
    return IsolationSpec(wanted.function) if wanted.isolate else wanted.function


def _incident(wanted: Gym) -> MissionIncident:
    try:
        from journeyman.evaluation.incident_tools import MissionIncident  # noqa: PLC0415  # brings numpy, which only the gym needs
    except ModuleNotFoundError as error:
        if error.name != "numpy":
            raise
        problem = Problem(where="gym", message="needs numpy", hint="pip install 'journeyman[gym]'")
        raise InvalidInput("mission file", (problem,), code="extra_missing") from None
    return MissionIncident(wanted)


def load_mission(path: Path, parameters: Mapping[str, Json] | None = None) -> tuple[Mission, Path]:
    """The mission in a file, what it includes and its scripts read into it, and the file's folder.

    Args:
        path: The mission file.
        parameters: Values of the mission's parameters in place of their defaults; a text is read as the parameter's type.

    Raises:
        InvalidInput: With everything that is wrong.
        NotFound: There is no such file.
    """
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise NotFound(f"cannot read the mission file {str(path)!r}: {reason}; `journeyman new` writes one") from None
    form = FORMS.get(path.suffix.lower())
    if form is None:
        problem = Problem(where="", message=f"ends in {path.suffix!r}", hint="name it .yaml, .json or .toml")
        raise InvalidInput(str(path), (problem,))
    return parsed_mission(data, form, str(path), path.parent, parameters)


def parsed_mission(
    data: bytes, form: Form, what: str, folder: Path, parameters: Mapping[str, Json] | None = None
) -> tuple[Mission, Path]:
    """The mission in a file's bytes, and the folder from which its files are read; `what` names it in errors."""
    folder = folder.resolve()
    mission = parse_mission(
        data, form, what, given=parameters, read=lambda name: (folder / name).read_bytes(), check=expression_faults
    )
    return with_script(mission, folder), folder


def with_script(mission: Mission, folder: Path) -> Mission:
    """The mission with its plan's script files read in, so that the record holds what was run."""
    plan = mission.plan
    if isinstance(plan, ScriptPlan):
        if "\n" in plan.script:
            return mission
        return mission.model_copy(update={"plan": ScriptPlan(script=_source("plan.script", folder / plan.script))})
    steps = [
        step.model_copy(update={"script": _source(f"plan.{index}.script", folder / step.script)})
        if step.script is not None and "\n" not in step.script and step.script.endswith(".py")
        else step
        for index, step in enumerate(plan or ())
    ]
    return mission if plan is None else mission.model_copy(update={"plan": steps})


def _source(where: str, path: Path) -> str:
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        hint = "the path is relative to the mission file"
        problem = Problem(where=where, message=f"{path.name!r} cannot be read: {error}", hint=hint)
        raise InvalidInput("mission file", (problem,)) from None
    return source if source.endswith("\n") else f"{source}\n"
