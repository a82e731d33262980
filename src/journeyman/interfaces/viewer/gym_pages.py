"""Episodes of the gym: the logs, the episodes of one, and an episode with who calls whom and who said what."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread
from starlette.requests import Request

from journeyman.evaluation.options import is_built_in
from journeyman.interfaces.pages.elements import bar, none, pill, table
from journeyman.interfaces.pages.markup import NOTHING, Html, tag, text
from journeyman.interfaces.viewer.addresses import address
from journeyman.interfaces.viewer.episode_files import (
    EpisodeFile,
    LoggedEpisode,
    episode_file,
    episode_files,
    logged_episodes,
)
from journeyman.interfaces.viewer.frame import Page, heading
from journeyman.interfaces.viewer.pager import paged, pager
from journeyman.interfaces.viewer.visit import Visit
from journeyman.mission.report.plain_text import one_line
from journeyman.mission.values.errors import NotFound

if TYPE_CHECKING:
    from journeyman.evaluation.episode_replay import EpisodeReplay

_PLACE: Final = "gym"
_ROWS: Final = 50
_ROLES: Final = ("sre", "dev", "manager", "oversight")
_MOST_REPLAYS: Final = 32


class EpisodeReplays:
    """Episodes that were played for a look, one at a time: each keeps a processor busy."""

    def __init__(self) -> None:
        self._free = anyio.CapacityLimiter(1)
        self._kept: OrderedDict[tuple[str, str, str], EpisodeReplay] = OrderedDict()

    async def of_policy(self, task_id: str, policy: str) -> EpisodeReplay:
        """What one of our policies does in a task."""
        return await self._get(("", task_id, policy), None)

    async def of_trace(self, path: Path) -> EpisodeReplay:
        """What a trace says was done."""
        written_ns = (await anyio.Path(path).stat()).st_mtime_ns
        return await self._get((str(path), str(written_ns), ""), path)

    async def _get(self, key: tuple[str, str, str], path: Path | None) -> EpisodeReplay:
        if key not in self._kept:
            try:
                from journeyman.evaluation.episode_replay import (  # noqa: PLC0415  # brings numpy, which only the gym needs
                    replay_policy,
                    replay_trace,
                )
            except ModuleNotFoundError as error:
                if error.name != "numpy":
                    raise
                raise NotFound("the gym needs numpy: pip install 'journeyman[gym]'", code="extra_missing") from None

            def played() -> EpisodeReplay:
                return replay_policy(key[1], key[2]) if path is None else replay_trace(path)

            self._kept[key] = await anyio.to_thread.run_sync(played, limiter=self._free)
            while len(self._kept) > _MOST_REPLAYS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


def episodes_folder(visit: Visit) -> Path:
    """Where logs lie; raises `NotFound` where none are shown."""
    if visit.episodes is None:
        raise NotFound("no episodes of the gym are shown here")
    return visit.episodes


async def gym_page(request: Request, visit: Visit) -> Page:
    """The logs and traces, or the episodes of the log that is named."""
    folder, name = episodes_folder(visit), request.query_params.get("log", "")
    if name:
        rows = await anyio.to_thread.run_sync(logged_episodes, episode_file(folder, name))
        return _log_page(name, rows, request.query_params.get("page", ""))
    files = await anyio.to_thread.run_sync(episode_files, folder)
    rows = [[_file_link(one), text("trace" if one.is_trace else "log"), text(f"{one.bytes:,}")] for one in files]
    shown = (
        table("Logs and traces", ["File", "Holds", "Bytes"], rows, "plain")
        if rows
        else none(f"There are no logs in {folder}; `journeyman gym eval … --output FILE.jsonl` writes one.")
    )
    intro = "Logs of `journeyman gym eval`, and traces of what models did."
    return Page(
        title="Gym",
        header=heading("Gym", intro, above="Simulated incidents"),
        parts=[tag("section", shown, id="logs", aria_label="Logs")],
        here=address(_PLACE),
    )


def _file_link(one: EpisodeFile) -> Html:
    where = address(_PLACE, "episode", trace=one.name) if one.is_trace else address(_PLACE, log=one.name)
    return tag("a", text(one.name), href=where)


def _log_page(name: str, episodes: list[LoggedEpisode], page: str) -> Page:
    chosen = paged(episodes, page, _ROWS)
    rows = [_episode_row(name, one) for one in chosen.rows]
    columns = ["Task", "Policy", "Result", "Score", "Reward per role", "Steps", "Available"]
    shown = table("Episodes", columns, rows, "plain episodes") if rows else none("It holds no whole episode yet.")
    pages = pager(chosen, "episodes", lambda at: address(_PLACE, log=name, page=at))
    return Page(
        title=f"Episodes of {name}",
        header=heading(name, f"{len(episodes):,} episodes", above="Log of the gym"),
        parts=[tag("section", shown, pages, id="episodes", aria_label="Episodes")],
        here=address(_PLACE),
    )


def _episode_row(log: str, one: LoggedEpisode) -> list[Html]:
    rogues = tag("span", text(f"{one.caught} of {one.rogues} rogues"), class_="quiet") if one.rogues else NOTHING
    name: Html = text(one.task_id)
    # Only where this machine can make the world again, and a policy of ours plays it.
    if not one.private and is_built_in(one.policy):
        name = tag("a", name, href=address(_PLACE, "episode", log=log, task=one.task_id, policy=one.policy))
    return [
        name,
        text(one_line(one.policy, 80)),
        tag("div", pill("resolved" if one.succeeded else "not resolved", "good" if one.succeeded else "bad"), rogues),
        text(f"{one.score:.3f}"),
        _rewards(one),
        text(f"{one.steps}"),
        text(f"{one.availability:.0%}"),
    ]


def _rewards(one: LoggedEpisode) -> Html:
    rows = [
        tag("li", tag("span", text(role)), bar(min(1.0, max(0.0, value)), f"Reward of {role} in {one.task_id}", "calm"))
        for role, value in zip(_ROLES, one.roles, strict=False)
    ]
    return tag("ul", *rows, class_="rewards")
