"""`gym watch --picture`: an episode as one picture, or step by step as a GIF; matplotlib is loaded when it is drawn.

Above who calls whom, coloured by health; below every service over time, with what was done to it, and what customers felt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from journeyman.evaluation.episode_frames import HEALTH, StepFrame
from journeyman.evaluation.topology import heights, layers_of
from journeyman.interfaces.cli.gym.plots import figure_of, plain_axes, save
from journeyman.mission.values.errors import NotFound

GIF: Final = ".gif"
_COLOURS: Final = ("#cfe3d4", "#f2c14e", "#e4572e", "#5c0b16")
"""By health; each darker than the one before, so that they can be told without colours, too."""
_TEXT: Final = ("black", "black", "white", "white")
_LETTERS: Final = {
    "restart": "R",
    "rollback": "B",
    "scale": "S",
    "escalate": "E",
    "identify_root_cause": "?",
    "resolve": "X",
}
_LEGEND: Final = "R restart   B roll back   S scale   E escalate   ? claim   X close   dot: an alert fires"
_GIF_PER_S: Final = 2


def draw_episode(frames: Sequence[StepFrame], calls: Sequence[Sequence[int]], title: str, path: Path) -> None:
    """Draw an episode.

    Args:
        frames: all of it.
        calls: whom each service calls.
        title: stands above.
        path: gets the picture; `.gif` moves.
    """
    if path.suffix.lower() == GIF:
        _animate(frames, calls, title, path)
        return
    figure, (graphs, strip, felt) = _laid_out(frames, 3)
    figure.suptitle(title, x=0.01, ha="left", weight="bold")
    for axes, (step, words) in zip(graphs, _moments(frames), strict=True):
        _graph(axes, frames[step], calls)
        axes.set_title(f"step {step}: {words}", loc="left", fontsize=10)
    _strip(strip, frames, calls, len(frames))
    _felt(felt, frames, len(frames))
    save(figure, path)


def _animate(frames: Sequence[StepFrame], calls: Sequence[Sequence[int]], title: str, path: Path) -> None:
    from matplotlib.animation import FuncAnimation, PillowWriter  # noqa: PLC0415  # a vendor that only pictures need

    figure, (graphs, strip, felt) = _laid_out(frames, 1)

    def show(step: int) -> list[Any]:
        figure.suptitle(f"{title}, step {step}", x=0.01, ha="left", weight="bold")
        for axes in (*graphs, strip, felt):
            axes.clear()
        _graph(graphs[0], frames[step], calls)
        _strip(strip, frames[: step + 1], calls, len(frames))
        _felt(felt, frames[: step + 1], len(frames))
        return []

    moving = FuncAnimation(figure, show, frames=len(frames))
    try:
        moving.save(path, writer=PillowWriter(fps=_GIF_PER_S), dpi=90)
    except OSError as error:
        raise NotFound(f"cannot write the picture {str(path)!r}: {error.strerror}; choose another name") from None


def _laid_out(frames: Sequence[StepFrame], graphs: int) -> tuple[Any, tuple[Any, Any, Any]]:
    services = len(frames[0].health)
    rows = 0.2 * services + 0.7
    figure = figure_of(13, 4.6 + rows + 1.8)
    above, below = figure.subfigures(2, 1, height_ratios=[4.6, rows + 1.8])
    strip, felt = below.subplots(2, 1, height_ratios=[rows, 1.5], sharex=True)
    return figure, (above.subplots(1, graphs, squeeze=False)[0], strip, felt)


def _moments(frames: Sequence[StepFrame]) -> list[tuple[int, str]]:
    """Three steps that tell the story."""
    sick = [sum(frame.health.values()) for frame in frames]
    first = next((number for number, frame in enumerate(frames) if frame.alerts), 0)
    worst = max(range(len(frames)), key=lambda number: (sick[number], -number))
    before = min(first, worst)
    return [
        (before, "the first alert" if frames[before].alerts else "before"),
        (worst, "at its worst"),
        (len(frames) - 1, "the end"),
    ]


def _graph(axes: Any, frame: StepFrame, calls: Sequence[Sequence[int]]) -> None:
    """Draw who calls whom, calls to what is sick in its colour."""
    layers = layers_of(calls)
    height = heights(layers)
    column = {one: place for place, layer in enumerate(layers) for one in layer}
    names, health = list(frame.health), list(frame.health.values())
    crowded = len(layers) > 5 or max(map(len, layers)) > 5
    for service, called in enumerate(calls):
        for other in called:
            sick = health[other] > 0
            axes.plot(
                [column[service], column[other]],
                [-height[service], -height[other]],
                color=_COLOURS[health[other]] if sick else "#b8b8b8",
                linewidth=2.2 if sick else 0.8,
                zorder=1,
            )
    for one, name in enumerate(names):
        alert = name in frame.alerts
        axes.scatter(
            column[one],
            -height[one],
            s=260,
            color=_COLOURS[health[one]],
            edgecolors="black" if alert else "#808080",
            linewidths=2 if alert else 0.6,
            zorder=2,
        )
        over = crowded and column[one] % 2 == 1  # neighbours' names would run into each other
        axes.annotate(
            name,
            (column[one], -height[one]),
            xytext=(0, 11 if over else -11),
            textcoords="offset points",
            ha="center",
            va="bottom" if over else "top",
            fontsize=6.5 if crowded else 8,
            bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.7},
            zorder=3,
        )
    axes.margins(0.12, 0.14)
    axes.set_axis_off()


def _strip(axes: Any, frames: Sequence[StepFrame], calls: Sequence[Sequence[int]], steps: int) -> None:
    """Draw every service's health over time, and what was done to it."""
    from matplotlib.colors import ListedColormap  # noqa: PLC0415  # a vendor that only pictures need
    from matplotlib.patches import Patch  # noqa: PLC0415  # as above

    order = [one for layer in layers_of(calls) for one in layer]
    names = list(frames[0].health)
    row = {names[one]: place for place, one in enumerate(order)}
    health = [[frame.health[names[one]] for frame in frames] for one in order]
    axes.imshow(
        health, cmap=ListedColormap(_COLOURS), vmin=0, vmax=len(_COLOURS) - 1, aspect="auto", interpolation="nearest"
    )
    for step, frame in enumerate(frames):
        for name in frame.alerts:
            axes.plot(step + 0.36, row[name] - 0.3, ".", color="black", markersize=2.5)
        for place, letters in _done(frame, row).items():
            level = frame.health[names[order[place]]]
            axes.text(step, place, letters, ha="center", va="center", fontsize=8, weight="bold", color=_TEXT[level])
    axes.set_yticks(range(len(order)), [names[one] for one in order], fontsize=7)
    axes.set_xlim(-0.5, steps - 0.5)
    axes.tick_params(length=0)
    axes.set_title(_LEGEND, loc="left", fontsize=8)
    axes.legend(
        handles=[Patch(facecolor=colour, label=name) for colour, name in zip(_COLOURS, HEALTH, strict=True)],
        loc="lower right",
        bbox_to_anchor=(1, 1),
        frameon=False,
        fontsize=8,
        ncols=len(HEALTH),
        borderpad=0,
    )
    axes.spines[:].set_visible(False)


def _done(frame: StepFrame, row: Mapping[str, int]) -> dict[int, str]:
    """The letters of what was done to reach a frame, by row; closing stands in the row of the door."""
    found: dict[int, str] = {}
    for kind, target in frame.actions.values():
        place = 0 if kind == "resolve" else row.get(target)
        if kind in _LETTERS and place is not None and _LETTERS[kind] not in found.get(place, ""):
            found[place] = found.get(place, "") + _LETTERS[kind]
    return found


def _felt(axes: Any, frames: Sequence[StepFrame], steps: int) -> None:
    """Draw what customers felt; red where it was outside the objective."""
    plain_axes(axes)
    numbers = range(len(frames))
    for step, frame in enumerate(frames):
        if not frame.within_objective:
            axes.axvspan(step - 0.5, step + 0.5, color="#e4572e", alpha=0.15, linewidth=0)
    axes.plot(
        numbers, [frame.door_error_ratio for frame in frames], color="#5c0b16", label="share of requests that fail"
    )
    axes.plot(
        numbers,
        [min(frame.door_slowness / 10, 1.0) for frame in frames],
        color="#3a6ea5",
        label="latency (1 is ten times the usual)",
    )
    axes.set_xlim(-0.5, steps - 0.5)
    axes.set_ylim(0, 1)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("step; shaded where customers are outside the objective")
    axes.legend(loc="upper right", frameon=False, fontsize=8, ncols=2)
