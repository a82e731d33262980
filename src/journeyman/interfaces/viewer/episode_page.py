"""An episode step by step: the services at the step that is looked at, metrics over time, messages, reward per role."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from starlette.requests import Request

from journeyman.evaluation.topology import heights, layers_of
from journeyman.interfaces.pages.elements import bar, none, pill, table, terms
from journeyman.interfaces.pages.markup import Html, tag, text
from journeyman.interfaces.viewer.addresses import address
from journeyman.interfaces.viewer.drawings import sparkline
from journeyman.interfaces.viewer.episode_files import episode_file, logged_episodes
from journeyman.interfaces.viewer.frame import Page, section
from journeyman.interfaces.viewer.gym_pages import EpisodeReplays, episodes_folder
from journeyman.interfaces.viewer.visit import Visit
from journeyman.mission.report.plain_text import one_line
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.errors import NotFound

if TYPE_CHECKING:
    from journeyman.evaluation.episode_frames import StepFrame
    from journeyman.evaluation.episode_replay import EpisodeReplay

_TONES: Final = ("good", "warn", "bad", "down")
"""By health."""
_HEALTH: Final = ("healthy", "degraded", "critical", "down")
_COLUMN: Final = 226
_ROW: Final = 62
_BOX: Final = (180, 42)


async def episode_page(request: Request, visit: Visit, replays: EpisodeReplays) -> Page:
    """The episode of a trace, or of a line of a log."""
    query, folder = request.query_params, episodes_folder(visit)
    given = {name: query.get(name, "") for name in ("trace", "log", "task", "policy")}
    doubt = ""
    if given["trace"]:
        found = await replays.of_trace(episode_file(folder, given["trace"]))
    else:
        # Only what a log names is played: an address alone cannot set this machine to work on any task there is.
        kept = {(one.policy, one.task_id): one for one in logged_episodes(episode_file(folder, given["log"]))}
        line = kept.get((given["policy"], given["task"]))
        if line is None:
            raise NotFound(f"{given['log']!r} has no episode of {given['policy']!r} in {given['task']!r}")
        found = await replays.of_policy(given["task"], given["policy"])
        if abs(found.score - line.score) > 1e-6:
            doubt = (
                f"The log says {line.score:.3f}: this policy draws, and drew otherwise among other tasks; what follows is "
                "another play of the same task."
            )
    step = _step(query.get("step", ""), found)
    return Page(
        title=f"{found.task_id} by {one_line(found.policy, 80)}",
        header=_header(found, doubt),
        parts=[
            section("services", f"Services after step {step}", _steps(found, step, given), _topology(found, step),
                    _service_table(found, step)),
            section("metrics", "Metrics over time", *_charts(found)),
            section("messages", "Who said what to whom", _messages(found)),
            section("actions", "What was done", _actions(found)),
            section("reward", "Reward per role", _rewards(found)),
        ],
        here=address("gym"),
    )  # fmt: skip


def _step(told: str, found: EpisodeReplay) -> int:
    """The step that is asked for; else the one at which most is wrong."""
    if told.isascii() and told.isdigit() and len(told) < 6:
        return min(int(told), len(found.frames) - 1)
    return max(range(len(found.frames)), key=lambda at: (sum(found.frames[at].health.values()), -at))


def _header(found: EpisodeReplay, doubt: str) -> Html:
    tone = "good" if found.succeeded else "bad"
    facts = [
        ("Score", f"{found.score:.3f}"),
        ("Steps", f"{len(found.frames) - 1}"),
        ("Within the objective", f"{found.availability:.0%} of the steps"),
        ("What was wrong", "; ".join(found.causes) or "nothing"),
    ]
    parts = [
        tag("p", text(f"Episode of {one_line(found.policy, 100)}"), class_="eyebrow"),
        tag("h1", text(found.task_id)),
        tag("div", tag("p", tag("strong", text("Resolved" if found.succeeded else "Not resolved")), class_="outcome"),
            tag("dl", *terms(facts), class_="facts"), class_=f"verdict {tone}"),
    ]  # fmt: skip
    return tag("header", *parts, *([tag("p", text(doubt), class_="doubt", role="note")] if doubt else []))


def _steps(found: EpisodeReplay, step: int, given: dict[str, str]) -> Html:
    """A link for each step, coloured by what customers felt."""
    links = [
        tag("li", tag("a", text(str(frame.step)),
            href=address("gym", "episode", **given, step=at) + "#services",
            class_=f"step {'good' if frame.within_objective else 'bad'}",
            aria_current="step" if at == step else None,
            aria_label=f"Step {frame.step}, {'within' if frame.within_objective else 'outside'} the objective"))
        for at, frame in enumerate(found.frames)
    ]  # fmt: skip
    return tag("nav", tag("ol", *links, class_="episode-steps"), aria_label="Steps")


def _topology(found: EpisodeReplay, step: int) -> Html:
    frame = found.frames[step]
    layers = layers_of(found.calls)
    height = heights(layers)
    low = min(height.values(), default=0.0)
    where = {
        one: (20 + _COLUMN * at, 20 + _ROW * (height[one] - low)) for at, layer in enumerate(layers) for one in layer
    }
    wide, high = 20 + _COLUMN * len(layers), 20 + _ROW * (max(height.values(), default=0.0) - low + 1)
    lines = [
        _edge(where[caller], where[called])
        for caller, some in enumerate(found.calls) for called in some
    ]  # fmt: skip
    boxes = [_box(name, frame, *where[at]) for at, name in enumerate(found.services)]
    sick = [f"{name} is {_HEALTH[health]}" for name, health in frame.health.items() if health]
    told = f"{len(found.services)} services, who calls stands left of who is called: {', '.join(sick) or 'all healthy'}"
    return tag("figure", tag("svg", tag("title", text(told)), *lines, *boxes, viewBox=f"0 0 {wide:.0f} {high:.0f}",
               role="img", aria_label=told, class_="topology", style=f"max-width:{wide * 1.25:.0f}px"),
               class_="card scroll", tabindex="0", aria_label="Topology")  # fmt: skip


def _edge(start: tuple[float, float], end: tuple[float, float]) -> Html:
    x1, y1 = start[0] + _BOX[0], start[1] + _BOX[1] / 2
    x2, y2 = end[0], end[1] + _BOX[1] / 2
    bend = max(20.0, (x2 - x1) / 2)
    path = f"M{x1:.0f} {y1:.0f}C{x1 + bend:.0f} {y1:.0f} {x2 - bend:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"
    return tag("path", d=path, class_="call-line")


def _box(name: str, frame: StepFrame, x: float, y: float) -> Html:
    health = frame.health[name]
    alert = " · alert" if name in frame.alerts else ""
    return tag(
        "g",
        tag("rect", x=f"{x:.0f}", y=f"{y:.0f}", width=str(_BOX[0]), height=str(_BOX[1]), rx="8"),
        tag("text", text(one_line(name, 19)), x=f"{x + 10:.0f}", y=f"{y + 17:.0f}", class_="service"),
        tag("text", text(f"{_HEALTH[health]}, {frame.error_ratio[name]:.0%} errors{alert}"), x=f"{x + 10:.0f}",
            y=f"{y + 32:.0f}", class_="state"),
        class_=f"service-box {_TONES[health]}",
    )  # fmt: skip


def _service_table(found: EpisodeReplay, step: int) -> Html:
    frame, rows = found.frames[step], list[list[Html]]()
    for name in found.services:
        health = frame.health[name]
        tone = ("good", "warn", "bad", "bad")[health]
        errors = [(one.step, one.error_ratio[name]) for one in found.frames]
        slow = [(one.step, one.slowness[name]) for one in found.frames]
        rows.append(
            [
                tag("b", text(name)),
                pill(_HEALTH[health], tone),
                tag(
                    "div",
                    sparkline(f"errors of {name}", errors, span_of=(0.0, 0.3)),
                    text(f"{frame.error_ratio[name]:.1%}"),
                ),
                tag(
                    "div",
                    sparkline(f"latency of {name}", slow, span_of=(1.0, 2.0)),
                    text(f"{frame.slowness[name]:.1f} times the usual"),
                ),
                text("firing" if name in frame.alerts else ""),
            ]
        )
    return table("Services", ["Service", "Health", "Errors", "Latency", "Alert"], rows, "plain services")


def _charts(found: EpisodeReplay) -> list[Html]:
    errors: list[Json] = [[one.step, one.door_error_ratio] for one in found.frames]
    slow: list[Json] = [[one.step, one.door_slowness] for one in found.frames]
    described = [
        ("customers-errors", "Customers' errors", errors, True),
        ("customers-latency", "Customers' latency, times the usual", slow, False),
    ]
    figures: list[Html] = []
    for name, title, points, percent in described:
        series: list[Json] = [{"name": title, "points": points}]
        data = json.dumps({"title": title, "series": series, "percent": percent, "along": "step"}, ensure_ascii=False)
        plain = sparkline(
            title,
            [(one.step, getattr(one, "door_error_ratio" if percent else "door_slowness")) for one in found.frames],
        )
        figures.append(tag("figure", tag("figcaption", text(title)), plain, id=name, class_="card", data_chart=data))
    return [tag("div", *figures, class_="charts")]


def _messages(found: EpisodeReplay) -> Html:
    rows = [
        [
            text(str(frame.step)),
            tag("b", text(one.speaker)),
            tag("b", text("everybody" if one.hearer == "all" else one.hearer)),
            text(one.topic.replace("_", " ")),
            text(one.target),
        ]
        for frame in found.frames
        for one in frame.messages
    ]
    return table("Messages", ["Step", "From", "To", "Says", "About"], rows, "plain") if rows else none("Nobody spoke.")


def _actions(found: EpisodeReplay) -> Html:
    rows = [
        [text(str(frame.step)), tag("b", text(role)), tag("code", text(did))]
        for frame in found.frames
        for role, did in frame.did.items()
    ]
    return table("Actions", ["Step", "Role", "Action"], rows, "plain") if rows else none("Nothing was done.")


def _rewards(found: EpisodeReplay) -> Html:
    rows = [
        tag("li", tag("span", text(role), class_="name"), tag("span", text(f"{reward:.3f}"), class_="amount"),
            bar(min(1.0, max(0.0, reward)), f"Reward of {role}", "calm"))
        for role, reward in found.roles.items()
    ]  # fmt: skip
    return tag("ul", *rows, class_="card bars")
