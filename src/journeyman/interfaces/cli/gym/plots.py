"""Pictures of evaluations and learning curves; matplotlib is loaded when one is drawn."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

from journeyman.evaluation.episode_log import Scored
from journeyman.gym.actions import Role
from journeyman.gym.evaluate import Estimate, Summary
from journeyman.gym.train import Course, Standing
from journeyman.mission.values.errors import InvalidInput, NotFound, Problem

_FORMS: Final = {".png", ".svg", ".pdf"}
Measures = Mapping[str, Callable[[Summary], Estimate | None]]
_SHARES: Final[Measures] = {
    "success": lambda found: found.success,
    "team score": lambda found: found.score,
    **{f"score of\n{role.label}": (lambda found, role=role: found.roles[role]) for role in Role},
    "rogues\ncaught": lambda found: found.rogue_recall,
}
_STEPS: Final[Measures] = {"steps to\nsuccess": lambda found: found.steps_to_success}
_COUNTS: Final[Measures] = {"false flags\nper episode": lambda found: found.false_flags}


def check_plots(path: Path, *, moving: bool = False) -> None:
    """Raise now what drawing to `path` would raise after the work is done; `moving` pictures may be GIFs."""
    forms = _FORMS | {".gif"} if moving else _FORMS
    if path.suffix.lower() not in forms:
        problem = Problem(where="", message=f"ends in {path.suffix!r}", hint=f"one of {', '.join(sorted(forms))}")
        raise InvalidInput(str(path), (problem,))
    if not path.parent.is_dir():
        raise NotFound(f"there is no folder {str(path.parent)!r} for the picture")
    if importlib.util.find_spec("matplotlib") is None:
        raise NotFound("pictures need matplotlib: pip install 'journeyman[plots]'", code="extra_missing")


def figure_of(width: float, height: float) -> Any:
    """An empty figure, in inches."""
    from matplotlib.figure import Figure  # noqa: PLC0415  # a vendor that only pictures need

    return Figure(figsize=(width, height), layout="constrained")


def plain_axes(axes: Any) -> None:
    """Take off what is no data."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)


def save(figure: Any, path: Path) -> None:
    """Write a figure.

    Raises:
        NotFound: it cannot be written there.
    """
    try:
        figure.savefig(path, dpi=120)
    except OSError as error:
        raise NotFound(f"cannot write the picture {str(path)!r}: {error.strerror}; choose another name") from None


def plot_summaries(rows: Sequence[Scored], path: Path) -> None:
    """Draw a group of bars per measure, a bar per policy and tier, with the 95 % intervals."""
    episodes = " or ".join(str(count) for count in sorted({row.found.episodes for row in rows}))
    figure = figure_of(13, 4.5)
    figure.suptitle(f"{episodes} episodes each, mean and 95 % bootstrap interval", x=0.01, ha="left")
    measured = (_SHARES, _STEPS, _COUNTS)
    shares, steps, counts = figure.subplots(1, 3, width_ratios=[len(some) + 0.3 for some in measured])
    for axes, measures in zip((shares, steps, counts), measured, strict=True):
        _bars(axes, measures, rows)
    shares.set_ylim(0, 1.05)
    shares.set_ylabel("0 to 1")
    steps.set_ylabel("steps")
    counts.set_ylabel("flags")
    figure.legend(*shares.get_legend_handles_labels(), loc="outside right upper", frameon=False)
    save(figure, path)


def _bars(axes: Any, measures: Measures, rows: Sequence[Scored]) -> None:
    plain_axes(axes)
    width = 0.8 / len(rows)
    for number, row in enumerate(rows):
        takes = enumerate(measures.values())
        values = [(place, value) for place, take in takes if (value := take(row.found)) is not None]
        axes.bar(
            [place + (number - (len(rows) - 1) / 2) * width for place, _ in values],
            [value.mean for _, value in values],
            width * 0.92,
            yerr=[
                [max(0.0, value.mean - value.low) for _, value in values],
                [max(0.0, value.high - value.mean) for _, value in values],
            ],
            error_kw={"elinewidth": 1, "capsize": 2},
            color=f"C{number}",
            label=_legend(row),
        )
    axes.set_xticks(range(len(measures)), list(measures))
    axes.set_xlim(-0.55, len(measures) - 0.45)
    axes.set_ylim(bottom=0)


def _legend(row: Scored) -> str:
    label = "\n".join(wrap(f"{row.policy}, {row.tier}", 30))
    if row.usage is None:
        return label
    cost = (
        "price unknown" if row.usage.unpriced_calls else f"${row.usage.priced_usd / row.found.episodes:,.4f} an episode"
    )
    unread = sum(row.usage.unreadable.values()) / max(1, row.usage.turns)
    return f"{label}\n{cost},\n{unread:.1%} of turns not read"


def plot_curve(course: Course, standing: Standing, path: Path) -> None:
    """Draw scores per generation: the candidates' on training tasks, their mean's on validation tasks, the start's."""
    curve = standing.curve
    figure = figure_of(8, 5)
    axes = figure.add_subplot()
    axes.set_title(f"Training on {course.tier.label} worlds", loc="left")
    plain_axes(axes)
    generations = [point.generation for point in curve]
    thin = {"marker": ".", "linewidth": 1, "alpha": 0.7}
    axes.plot(generations, [point.best for point in curve], label="training: best candidate", **thin)
    axes.plot(generations, [point.mean for point in curve], label="training: mean of the candidates", **thin)
    validation = [standing.start_validation, *(point.validation for point in curve)]
    axes.plot([0, *generations], validation, color="black", marker="o", label="validation: the policy so far")
    axes.axhline(standing.start_validation, color="black", linestyle="--", linewidth=1, label="validation: expert")
    kept = (standing.best_generation, standing.best_validation)
    axes.plot(*kept, "*", color="crimson", markersize=15, linestyle="", label="what was kept")
    played = f"{course.population} candidates on {course.tasks_each} new training tasks"
    axes.set_xlabel(f"generation ({played}; {course.validation_tasks} validation tasks)")
    axes.set_ylabel("mean team score per task, 0 to 1")
    axes.set_xlim(-0.5, len(curve) + 0.5)
    axes.xaxis.get_major_locator().set_params(integer=True)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    save(figure, path)
