"""The options of `journeyman gym …`; what does the work is loaded when a command runs, and numpy with it."""

from __future__ import annotations

import importlib
from enum import StrEnum
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Annotated, Literal

import typer

from journeyman.evaluation.options import ANSWER_TOKENS, MEMORY, PREFIX, ModelOptions
from journeyman.interfaces.cli.options import JsonOption
from journeyman.interfaces.cli.registry import COMMANDS
from journeyman.interfaces.cli.shared import CommandGroup, settings_of
from journeyman.mission.values.errors import NotFound


class TierName(StrEnum):
    """The tiers by name; `journeyman.gym` has its own, but loads numpy."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


SplitName = Literal["train", "validation", "held_out"]


class RoleName(StrEnum):
    """The roles by name."""

    SRE = "sre"
    DEV = "dev"
    MANAGER = "manager"
    OVERSIGHT = "oversight"


_POLICY = (
    "random, heuristic, expert, oracle, a cheater (null, stall, spam, guess, flag_all, resolve_early, deny, keywords, "
    "shotgun, claim_spam, flag_spam, trial_and_error, trial_and_flag, silent_trial, best_guess, best_guess_and_flag, "
    "two_guesses), "
    "trained:FILE, FILE.py:NAME for what NAME(worlds) there gives, or advisor:NAME for a model of the settings file."
)
_PLOT = "Write a picture: .png, .svg or .pdf; needs journeyman[plots]."
_ROLE = typer.Option(
    "--role",
    metavar="ROLE",
    help="Models only: its seat, sre, dev, manager or oversight; all four without it. May be repeated.",
)
_OTHERS = typer.Option("--others", metavar="NAME", help="Models only: who takes the other seats, a policy or nobody.")
_LIAR = typer.Option(
    "--liar", metavar="ROLE", help="Models only: a seat that does nothing but send forged messages; compare scores."
)
_VIEW = typer.Option(
    "--view-chars", metavar="N", help="Models only: most characters of one view, at least 4400; else 5500."
)
_ANSWER = typer.Option(
    "--answer-tokens", metavar="N", min=1, help="Models only: most of one answer, reasoning included."
)
_MEMORY = typer.Option(
    "--memory", metavar="N", min=0, help="Models only: earlier turns of a role that it is shown again."
)
_CONCURRENCY = typer.Option(
    "--concurrency", metavar="N", min=1, help="Models only: episodes, and requests, at a time; else what [advice] says."
)
_MAX_USD = typer.Option("--max-usd", metavar="USD", min=0, help="Models only: stop before this run has cost more.")
_MAX_TOKENS = typer.Option("--max-tokens", metavar="N", min=0, help="Models only: stop before this run has used more.")

_TIERS = typer.Option("--tier", metavar="TIER", help="easy, medium or hard. May be repeated.")
_SEEDS = typer.Option("--seeds", metavar="N|A-B", help="The first N tasks of the split, or numbers A to B.")
_OUTPUT = typer.Option("--output", metavar="FILE", help="Keep every episode here; a rerun goes on.")
_SALT = typer.Option("--salt", metavar="FILE", help="A secret that makes the worlds private; its SHA-256 is kept.")
_ISOLATE = typer.Option(
    "--isolate", help="Policies of FILE.py:NAME play in processes that see nothing but observations."
)
_ACT = typer.Option("--act-timeout", metavar="S", min=0.01, help="Most seconds for a step there; 30 otherwise.")
_LEADERBOARD = typer.Option(
    "--leaderboard", metavar="FILE", help="Put the scores into this file; needs --output, which stays beside it."
)
_TRACES = typer.Option("--traces", metavar="DIR", help="Models only: keep what each was shown and said, a file a task.")

app = CommandGroup()
gym = CommandGroup(no_args_is_help=True, help=COMMANDS["gym"].help)
app.add_typer(gym, name="gym")


def _work(module: str) -> ModuleType:
    try:
        return importlib.import_module(f"journeyman.interfaces.cli.gym.{module}")
    except ModuleNotFoundError as error:
        if error.name != "numpy":
            raise
        raise NotFound("the gym needs numpy: pip install 'journeyman[gym]'", code="extra_missing") from None


@gym.command("eval")
def evaluate(
    ctx: typer.Context,
    policy: Annotated[list[str], typer.Option("--policy", metavar="NAME", help=f"May be repeated: {_POLICY}")],
    tier: Annotated[list[TierName], _TIERS] = [TierName.EASY],  # noqa: B006  # typer's form
    seeds: Annotated[str, _SEEDS] = "100",
    split: Annotated[SplitName, typer.Option("--split", help="Which tasks.")] = "validation",
    incidents: Annotated[
        bool, typer.Option("--incidents", help="Play the worlds after public post-mortems instead of a tier's.")
    ] = False,
    output: Annotated[Path | None, _OUTPUT] = None,
    plot: Annotated[Path | None, typer.Option("--plot", metavar="FILE", help=_PLOT)] = None,
    salt: Annotated[Path | None, _SALT] = None,
    isolate: Annotated[bool, _ISOLATE] = False,
    act_s: Annotated[float | None, _ACT] = None,
    leaderboard: Annotated[Path | None, _LEADERBOARD] = None,
    traces: Annotated[Path | None, _TRACES] = None,
    role: Annotated[list[RoleName], _ROLE] = [],  # noqa: B006  # typer's form
    others: Annotated[str, _OTHERS] = "heuristic",
    liar: Annotated[RoleName | None, _LIAR] = None,
    view_chars: Annotated[int | None, _VIEW] = None,
    answer_tokens: Annotated[int, _ANSWER] = ANSWER_TOKENS,
    memory: Annotated[int, _MEMORY] = MEMORY,
    concurrency: Annotated[int | None, _CONCURRENCY] = None,
    max_usd: Annotated[float | None, _MAX_USD] = None,
    max_tokens: Annotated[int | None, _MAX_TOKENS] = None,
    as_json: JsonOption = False,
) -> None:
    """Score policies: success, steps to success, reward per role, rogues caught, false flags, each with its interval.

    A model plays as advisor:NAME, where [advisors.NAME] of the settings file says whom to ask; `journeyman doctor`
    tells whether it can be asked. An episode in which its provider fails, or that --max-usd or --max-tokens cuts, is
    left out and not scored, and the exit code is 1; the same command with the same --output plays it.

    Policies that you did not write: --isolate. Their process holds no world, no salt and none of your variables, and
    where it fails it does nothing more in that batch of sixteen tasks, which is scored.
    """
    models = None
    if any(name.startswith(PREFIX) for name in policy):
        options = ModelOptions(
            roles=tuple(role),
            others=others,
            liar=liar,
            view_chars=view_chars,
            answer_tokens=answer_tokens,
            memory=memory,
            concurrency=concurrency,
            traces=traces,
            max_usd=max_usd,
            max_tokens=max_tokens,
        )
        models = partial(_work("models").play_models, settings_of(ctx), options)
    tiers = () if incidents else tier
    work = _work("evaluating")
    keep = {"output": output, "plot": plot, "as_json": as_json, "leaderboard": leaderboard, "traces": traces}
    asked = work.EvaluationOptions(**keep, salt_file=salt, isolate=isolate, act_s=act_s)
    work.evaluate(policy, tiers, split, seeds, asked, models)


@gym.command("leaderboard")
def rank(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="What gym eval --leaderboard wrote.")],
    salt: Annotated[
        Path | None, typer.Option("--salt", metavar="FILE", help="Grade models' traces of private worlds again, too.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Rank what leaderboard files hold, after every score was derived again from the episodes beside them.

    Files of other generators or salts than the first are refused, and so is one that says what its episodes do not.
    Traces of models are graded again where the worlds are public or --salt is theirs. A file without its episodes is
    ranked, and marked as not checked.
    """
    _work("leaderboards").rank(files, salt_file=salt, as_json=as_json)


@gym.command("play")
def play(
    task: Annotated[
        str, typer.Argument(metavar="TASK", help="Such as easy-train-0@3 or incident-gitlab-2017@3.")
    ] = "easy-train-0@3",
    role: Annotated[RoleName, typer.Option("--role", help="The seat you take.")] = RoleName.SRE,
    others: Annotated[
        str, typer.Option("--others", metavar="NAME", help="Who plays the other seats: a policy, or nobody.")
    ] = "heuristic",
) -> None:
    """Play a role yourself. Type `help` for what you can do; commands may also come from a pipe.

    Exits with 0 when you handled the incident well (a score above the floor), else with 1.
    """
    _work("playing").play(task, role, others)


@gym.command("watch")
def watch(
    ctx: typer.Context,
    task: Annotated[str, typer.Argument(metavar="TASK", help="Such as medium-train-3@3.")],
    policy: Annotated[str, typer.Option("--policy", metavar="NAME", help=_POLICY)] = "heuristic",
    pause_s: Annotated[
        float, typer.Option("--pause", metavar="S", min=0, max=60, help="Seconds per step on a terminal.")
    ] = 0.3,
    truth: Annotated[bool, typer.Option("--truth", help="Say first what is wrong.")] = False,
    picture: Annotated[
        Path | None,
        typer.Option("--picture", metavar="FILE", help="Draw it: .png, .svg, .pdf, or .gif; needs journeyman[plots]."),
    ] = None,
    role: Annotated[list[RoleName], _ROLE] = [],  # noqa: B006  # typer's form
    others: Annotated[str, _OTHERS] = "heuristic",
    as_json: JsonOption = False,
) -> None:
    """Replay an episode step by step: what customers feel, who calls whom and how they are, who does what.

    A model, advisor:NAME, plays the episode to its end before it is shown.
    """
    model = None
    if policy.startswith(PREFIX):
        model = partial(_work("models").play_once, settings_of(ctx), ModelOptions(roles=tuple(role), others=others))
    _work("episode_viewer").watch(
        task, policy, pause_s=pause_s, truth=truth, as_json=as_json, picture=picture, model=model
    )


@gym.command("export")
def export(
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="Chat rows for supervised training.")],
    tier: Annotated[TierName, typer.Option("--tier", help="How hard.")] = TierName.EASY,
    split: Annotated[SplitName, typer.Option("--split", help="Held-out tasks are refused.")] = "train",
    count: Annotated[int, typer.Option("--count", min=1, help="Tasks.")] = 10,
    pairs: Annotated[
        Path | None, typer.Option("--pairs", metavar="FILE", help="Also write preference pairs (chosen, rejected).")
    ] = None,
) -> None:
    """Write what the expert does, seeing what the roles see, as training data: one JSON line per role and step."""
    _work("exporting").export(tier, split, count, output, pairs)


@gym.command("train")
def train(
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="The policy, for --policy trained:FILE.")],
    minutes: Annotated[
        float, typer.Option("--minutes", metavar="M", min=0.01, help="Stop after the generation in which they end.")
    ] = 5,
    tier: Annotated[TierName, typer.Option("--tier", help="The worlds to train on.")] = TierName.MEDIUM,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", min=0, help="Same seed and generations, same policy.")
    ] = 0,
    population: Annotated[
        int, typer.Option("--population", metavar="N", min=4, help="Candidates per generation.")
    ] = 24,
    tasks_each: Annotated[
        int, typer.Option("--tasks", metavar="N", min=4, help="Training tasks that each candidate plays.")
    ] = 80,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the policy in --output.")] = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help=f"The curve; OUTPUT with .png otherwise. {_PLOT}")
    ] = None,
    no_plot: Annotated[bool, typer.Option("--no-plot", help="Draw no curve.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Train the small policy on this CPU, save it with its curve, and compare it with the expert on held-out tasks.

    The small policy is the expert with other numbers. Each generation tries candidates on training tasks; the best
    in validation is kept, and the file is written after each. Ctrl-C ends the training early and exits with 130.
    """
    curve = None if no_plot else plot or output.with_suffix(".png")
    _work("training").learn(
        output,
        minutes,
        tier=tier,
        seed=seed,
        population=population,
        tasks_each=tasks_each,
        resume=resume,
        curve=curve,
        as_json=as_json,
    )
