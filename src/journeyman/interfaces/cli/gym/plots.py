"""Pictures of evaluations and learning curves; matplotlib is loaded when one is drawn."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

from journeyman.gym.actions import Role
from journeyman.gym.evaluate import Estimate, Summary
from journeyman.gym.train import Point
from journeyman.interfaces.cli.gym.keeping import Scored
from journeyman.mission.errors import InvalidInput, NotFound, Problem

_FORMS: Final = {".png", ".svg", ".pdf"}
_MEASURES: Final[dict[str, Callable[[Summary], Estimate | None]]] = {
    "success": lambda found: found.success,
    "team score": lambda found: found.score,
    **{f"score of\n{role.label}": (lambda found, role=role: found.roles[role]) for role in Role},
    "rogues caught": lambda found: found.rogue_recall,
}


def check_plots(path: Path) -> None:
    """Raise now what drawing to `path` would raise after the work is done."""
    if path.suffix.lower() not in _FORMS:
        problem = Problem(where="", message=f"ends in {path.suffix!r}", hint=f"one of {', '.join(sorted(_FORMS))}")
        raise InvalidInput(str(path), (problem,))
    if not path.parent.is_dir():
        raise NotFound(f"there is no folder {str(path.parent)!r} for the picture")
    if importlib.util.find_spec("matplotlib") is None:
        raise NotFound("pictures need matplotlib: pip install 'journeyman[plots]'", code="extra_missing")


def _axes(width: float, height: float, title: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure  # noqa: PLC0415  # a vendor that only pictures need

    figure: Any = Figure(figsize=(width, height), layout="constrained")
    axes: Any = figure.add_subplot()
    axes.set_title(title, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    return figure, axes


def plot_summaries(rows: Sequence[Scored], path: Path) -> None:
    """Draw a group of bars per measure, a bar per policy and tier, with the 95 % intervals."""
    episodes = " or ".join(str(count) for count in sorted({row.found.episodes for row in rows}))
    figure, axes = _axes(11, 4.5, f"{episodes} episodes each, mean and 95 % bootstrap interval")
    width = 0.8 / len(rows)
    for number, row in enumerate(rows):
        takes = enumerate(_MEASURES.values())
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
            label=_legend(row),
        )
    axes.set_xticks(range(len(_MEASURES)), list(_MEASURES))
    axes.set_ylim(0, 1.05)
    axes.set_ylabel("0 to 1")
    figure.legend(loc="outside right upper", frameon=False)
    figure.savefig(path, dpi=120)


def _legend(row: Scored) -> str:
    label = "\n".join(wrap(f"{row.policy}, {row.tier}", 30))
    if row.asked is None:
        return label
    cost = (
        "price unknown" if row.asked.unpriced_calls else f"${row.asked.priced_usd / row.found.episodes:,.4f} an episode"
    )
    unread = sum(row.asked.unreadable.values()) / max(1, row.asked.turns)
    return f"{label}\n{cost},\n{unread:.1%} of turns not read"


def plot_curve(curve: Sequence[Point], heuristic: float, path: Path) -> None:
    """Draw training scores per generation beside the heuristic's score on the same kind of tasks."""
    figure, axes = _axes(7, 4, "Training score per generation")
    generations = [point.generation + 1 for point in curve]
    axes.plot(generations, [point.best for point in curve], marker="o", label="best candidate")
    axes.plot(generations, [point.mean for point in curve], marker=".", label="mean of the candidates")
    axes.axhline(heuristic, color="grey", linestyle="--", label="heuristic, training tasks")
    axes.set_xlabel("generation (new tasks each)")
    axes.set_ylabel("team score, 0 to 1")
    axes.set_xlim(0.5, max(generations) + 0.5)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=120)
