"""`task`, `follow-up` and `finish`: hand work to a coding agent under a contract that a machine checks."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from journeyman.agents.drivers.installed import refuse_unready
from journeyman.agents.drivers.registry import apprentice_for
from journeyman.config import Settings
from journeyman.engine import control
from journeyman.engine.clock import SystemClock
from journeyman.engine.engine import OnEvent
from journeyman.engine.record_reading import state_of
from journeyman.interfaces.cli.drive import View, chosen_output, drive_and_print, driven
from journeyman.interfaces.cli.options import (
    JsonOption,
    NoInputOption,
    NotifyOption,
    PersonOption,
    QuietOption,
    ReportOption,
    SessionArgument,
    VerboseOption,
)
from journeyman.interfaces.cli.output import Output
from journeyman.interfaces.cli.shared import CommandGroup, exit_code, given_id, person, print_json, settings_of
from journeyman.interfaces.cli.task_batch import run_many
from journeyman.interfaces.cli.task_options import (
    AgentOption,
    AssetOption,
    AttemptsOption,
    CheckOption,
    CostOption,
    DestinationOption,
    EmptyOption,
    FileOption,
    FromOption,
    MentorAdvisorOption,
    MentorOption,
    MountOption,
    NdjsonOption,
    ParallelOption,
    ProtectOption,
    SourceOption,
    TaskArgument,
    TaskDryRunOption,
    TaskIdOption,
    TimeoutOption,
    TokensOption,
)
from journeyman.interfaces.cli.terminal import say
from journeyman.interfaces.cli.with_session import once_free, with_journeyman, with_session
from journeyman.interfaces.pages.report_files import report_option
from journeyman.mission.model.mission import Mission, dump
from journeyman.mission.model.reasons import SessionStatus
from journeyman.mission.model.state import State
from journeyman.mission.values.errors import InvalidInput, LeaseHeld, NotAllowed, Problem
from journeyman.tasks.contract import task_mission
from journeyman.tasks.following import following_mission
from journeyman.tasks.options import MOST_ATTEMPTS, TaskOptions
from journeyman.tasks.outputs import put_out
from journeyman.tasks.running import free_id, task_id
from journeyman.wiring import Journeyman

app = CommandGroup()


@app.command("task")
def task(
    ctx: typer.Context,
    text: TaskArgument = "",
    agent: AgentOption = "",
    source: SourceOption = None,
    empty: EmptyOption = False,
    asset: AssetOption = [],  # noqa: B006  # typer's form
    check: CheckOption = [],  # noqa: B006  # typer's form
    file: FileOption = [],  # noqa: B006  # typer's form
    protect: ProtectOption = [],  # noqa: B006  # typer's form
    mount: MountOption = [],  # noqa: B006  # typer's form
    mentor: MentorOption = None,
    mentor_advisor: MentorAdvisorOption = "",
    attempts: AttemptsOption = None,
    timeout: TimeoutOption = 1800.0,
    tokens: TokensOption = None,
    cost: CostOption = None,
    output: DestinationOption = None,
    session_id: TaskIdOption = None,
    many: FromOption = None,
    parallel: ParallelOption = 1,
    dry_run: TaskDryRunOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    no_input: NoInputOption = False,
    notify: NotifyOption = "",
    report: ReportOption = None,
    as_name: PersonOption = "",
    ndjson: NdjsonOption = False,
    as_json: JsonOption = False,
) -> None:
    """Hand a task to a coding agent; attempts are made until a contract that a machine checks is fulfilled.

    The contract comes from --check and --file, else from the task's own words: files that it names, tests of the repository.
    Failed checks and your notes (`journeyman note`) are told to the next attempt. The best attempt's files lie in --output,
    never in your folder. Exit codes are those of `journeyman run`; what was interrupted goes on with `journeyman resume`.
    """
    settings = settings_of(ctx)
    folder = _source(source, empty=empty, quiet=quiet or as_json)
    options = TaskOptions(
        agent=_agent(agent, settings), source=folder, assets=asset, checks=check, files=file, protect=protect,
        mounts=mount, attempts=attempts or MOST_ATTEMPTS, timeout_s=timeout, tokens=tokens, cost_usd=cost, mentor=mentor,
        mentor_advisor=mentor_advisor, output=output, who=person(settings, as_name),
    )  # fmt: skip
    if many is not None:
        run_many(settings, options, many, parallel, given=text or session_id or "", quiet=quiet, as_json=as_json)
    mission = task_mission(_said(text), options, settings)
    if report is not None:
        mission = mission.model_copy(update={"report": str(report_option(report))})
    if dry_run:
        print_json(dump(mission))
        return
    refuse_unready(options.agent, apprentice_for(options.agent, settings.agents).readiness())
    name = given_id(session_id) or _free_id(settings, task_id(SystemClock(), text))
    view = View(
        output=chosen_output(Output.ndjson if ndjson else Output.text, as_json=as_json), quiet=quiet, verbose=verbose,
        who="" if no_input else options.who, notify=notify or settings.notify,
    )  # fmt: skip
    _run(settings, mission, name, view)


@app.command("follow-up")
def follow_up(
    ctx: typer.Context,
    session: SessionArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is to be done besides, or differently.")],
    run: Annotated[bool, typer.Option("--run", help="Let the agent do it now; otherwise it is only recorded.")] = False,
    asset: AssetOption = [],  # noqa: B006  # typer's form
    check: CheckOption = [],  # noqa: B006  # typer's form
    file: FileOption = [],  # noqa: B006  # typer's form
    attempts: AttemptsOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    no_input: NoInputOption = False,
    notify: NotifyOption = "",
    as_name: PersonOption = "",
    ndjson: NdjsonOption = False,
    as_json: JsonOption = False,
) -> None:
    """Ask for more: a note to a task that goes on, a new session from the best attempt of one that has ended.

    The new session has the earlier task's words, inputs, outputs and contract, and what you give here besides.
    """
    settings = settings_of(ctx)
    who = person(settings, as_name)
    name, state = with_session(settings, session, _task_of)
    view = View(
        output=chosen_output(Output.ndjson if ndjson else Output.text, as_json=as_json), quiet=quiet, verbose=verbose, who="" if no_input else who,
        notify=notify or settings.notify,
    )  # fmt: skip
    if state.status is not SessionStatus.ENDED:
        _note(settings, name, text, who, view, run=run, given=[*asset, *check, *file])
        return
    mission = following_mission(
        settings, state, text, assets=asset, checks=check, files=file, attempts=attempts, who=who
    )
    made = _free_id(settings, f"{name}-followup")
    if run:
        _run(settings, mission, made, view, Path(state.identity.origin))
        return
    origin = Path(state.identity.origin)
    with_journeyman(settings, lambda journeyman: journeyman.engine.create(mission, origin, session_id=made))
    if as_json:
        print_json({"session_id": made, "ran": False})
        return
    say(made)
    say(f"recorded; nothing has run. Let the agent do it with: journeyman resume {made}", err=True)


@app.command("finish")
def finish(
    ctx: typer.Context,
    session: SessionArgument,
    output: DestinationOption = None,
    as_name: PersonOption = "",
    as_json: JsonOption = False,
) -> None:
    """End a task that goes on, its outcome being what the evidence says, and put out the files of its best attempt.

    A task that has ended keeps its outcome; its files are put out again. The exit code is the outcome's, as of `journeyman run`.
    """
    settings = settings_of(ctx)
    who, place = person(settings, as_name), None if output is None else output.absolute()

    async def work(journeyman: Journeyman, name: str) -> tuple[State, str]:
        _, state = await _task_of(journeyman, name)
        if state.status is not SessionStatus.ENDED:
            await control.end(journeyman.store, journeyman.clock, name, who, abort=False)
            try:
                state = await once_free(journeyman, name, partial(journeyman.engine.drive, name))
            except LeaseHeld:
                raise NotAllowed(
                    f"a process drives {name}; it was told to end, then: journeyman finish {name}"
                ) from None
        return state, await put_out(journeyman, name, place)

    state, told = with_session(settings, session, work)
    if as_json:
        print_json({"session_id": state.session_id, "outcome": state.outcome, "outputs": told})
    else:
        say(f"{state.session_id}: {state.outcome} · {state.label}/{state.reason}")
        say(told or "no attempt left anything to put out")
    raise typer.Exit(exit_code(state))


async def _task_of(journeyman: Journeyman, name: str) -> tuple[str, State]:
    state = await state_of(journeyman.store, name)
    if state.mission.task is None:
        raise NotAllowed(f"session {name} is no task; `journeyman note` and `journeyman end` are for any session")
    return name, state


def _run(settings: Settings, mission: Mission, name: str, view: View, origin: Path | None = None) -> None:
    if not view.quiet and view.output is Output.text:
        _show_contract(mission, name)
    drive_and_print(
        settings,
        lambda journeyman, on_event: journeyman.engine.run(mission, origin or Path.cwd(), on_event, session_id=name),
        name,
        view,
    )


def _show_contract(mission: Mission, name: str) -> None:
    """What will be checked, before anything is paid for."""
    assert mission.task is not None  # noqa: S101 - a task's mission
    say(f"{name}: {mission.task.agent} works until", err=True)
    for criterion in mission.criteria:
        say(f"  - {criterion.id}: {criterion.sentence()}", err=True)
    if mission.task.protect:
        say(f"  with these as they are now: {', '.join(mission.task.protect)}", err=True)


def _note(
    settings: Settings, name: str, text: str, who: str, view: View, *, run: bool, given: Sequence[Path | str]
) -> None:
    """A note to a task that goes on: its next attempt is told it."""
    if given:
        raise NotAllowed(
            f"{name} goes on under the contract that it began with: {given[0]} can be given once it has ended"
            f" (journeyman finish {name})"
        )

    async def noted(journeyman: Journeyman) -> State:
        return await control.note(journeyman.store, journeyman.clock, name, who, text)

    with_journeyman(settings, noted)
    if not run:
        say(
            f"{name}: noted; its next attempt is told. Nothing was started: journeyman resume {name} goes on with it",
            err=True,
        )
        return

    async def resumed(journeyman: Journeyman, on_event: OnEvent) -> State:
        await control.resume(journeyman.store, journeyman.clock, name, who)
        return await driven(journeyman, on_event, name)

    drive_and_print(settings, resumed, name, view)


def _said(text: str) -> str:
    if not text.strip():
        problem = Problem(where="TASK", message="is missing", hint="say what is to be done, or give --from FILE")
        raise InvalidInput("the command line", (problem,))
    return text


def _agent(given: str, settings: Settings) -> str:
    """The agent that is meant: the only one of the settings where none is named."""
    if given:
        return given
    if len(settings.agents) == 1:
        return next(iter(settings.agents))
    problem = Problem(where="--agent", message="is missing", hint="`journeyman agents` lists who is there")
    raise InvalidInput("the command line", (problem,))


def _source(given: Path | None, *, empty: bool, quiet: bool) -> Path | None:
    """The folder to work on."""
    if given is not None and empty:
        problem = Problem(where="--empty", message="and --source exclude each other", hint="leave one of them out")
        raise InvalidInput("the command line", (problem,))
    if given is not None or empty:
        return None if given is None else given.absolute()
    top = subprocess.run(
        ["git", "rev-parse", "--is-inside-work-tree"], capture_output=True, check=False, stdin=subprocess.DEVNULL  # noqa: S607
    )  # fmt: skip
    if top.returncode == 0:
        return Path.cwd()
    if not quiet:
        say("no git repository is here, so the agent begins in an empty folder; --source . gives it this one", err=True)
    return None


def _free_id(settings: Settings, wanted: str) -> str:
    return with_journeyman(settings, lambda journeyman: free_id(journeyman, wanted))
