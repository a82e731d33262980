"""The environment: one incident per session, one open seat, the others played by a policy."""
# pyright: basic, reportMissingImports=false, reportUntypedBaseClass=false
# OpenEnv lives in an environment of its own, which the checks of this project do not see.

from __future__ import annotations

import html
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Any
from weakref import WeakSet

from fastmcp import FastMCP
from openenv.core.env_server.mcp_environment import MCPEnvironment
from openenv.core.env_server.mcp_types import CallToolAction, ListToolsAction
from openenv.core.env_server.types import EnvironmentMetadata
from openenv.core.rubrics import Rubric

from journeyman.gym.actions import ALLOWED_ACTIONS
from journeyman.gym.tasks import GENERATOR, MAX_NUMBER, Split, Task, Tier, task
from journeyman.gym.text.action import TextAction
from journeyman.gym.text.parse import parse_action
from journeyman.gym.text.prompts import load_role_prompt
from journeyman.gym.text.reading import read_action
from journeyman.gym.text.render import render_observation
from journeyman.gym.text.shift import Shift
from journeyman.gym.text.tools import ROLE_TOOLS, RoleTool, typed
from journeyman.gym.text.words import AgentRole
from journeyman.interfaces.openenv.models import IncidentAction, IncidentObservation, IncidentState
from journeyman.interfaces.openenv.tick_batcher import TickBatcher

PREVIEW = 100
"""Tasks that a listing shows; there are 4294967296 in every split."""
_DRAWN = (
    "max-width:min(34rem,80vw);margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.8rem;line-height:1.45"
)
"""The page gives a drawing as much room as it takes: long lines would leave their card."""
DEFAULT_SPLIT = "easy-train"
_OPEN: WeakSet[IncidentEnvironment] = WeakSet()
"""Sessions of this process."""
_STEPS: TickBatcher[IncidentObservation] = TickBatcher()
_OF_TOOLS = (ListToolsAction, CallToolAction)


class RoleScore(Rubric):
    """Pays the role's score once, in the step that ends the episode."""

    def __init__(self) -> None:
        super().__init__()
        self.paid = 0.0

    def forward(self, action: Any, observation: Any) -> float:
        """What the world paid for this step."""
        del action, observation
        return self.paid


class IncidentEnvironment(MCPEnvironment):
    """An incident as OpenEnv sees it: `reset`, `step`, the Task API, MCP tools, a rubric and a page."""

    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self) -> None:
        server = FastMCP("journeyman-gym")
        for tool in ROLE_TOOLS.values():
            server.tool(typed(tool, self._tool(tool)), description=f"{tool.description}{_whose(tool)}")
        super().__init__(server)
        self.rubric = RoleScore()
        self._episode_id: str | None = None
        self._steps = 0
        self._shift: Shift | None = None
        _OPEN.add(self)

    def _tool(self, tool: RoleTool) -> Callable[..., dict[str, Any]]:
        def call(**given: Any) -> dict[str, Any]:
            seen = self._act(tool.action(given, self._running().role))
            return {"text": seen.text, "done": seen.done, "reward": seen.reward, "notice": seen.notice}

        return call

    def close(self) -> None:
        """End the session."""
        _OPEN.discard(self)
        super().close()

    def reset(
        self,
        seed: int | None = None,
        episode_id: str | None = None,
        split: str = DEFAULT_SPLIT,
        index: int | None = None,
        role: str = "sre",
        others: str = "heuristic",
        **_: Any,
    ) -> IncidentObservation:
        """Begin an incident.

        Args:
            seed: which task of the split, where `index` is not given; 0 without either.
            episode_id: echoed in the state.
            split: a tier and a split, such as `medium-validation`.
            index: number of the task in the split.
            role: the seat that the client takes.
            others: the policy of the other seats, or `nobody`.
        """
        number = index if index is not None else seed or 0
        try:
            self._shift = Shift(task(f"{split}-{number}@{GENERATOR}"), AgentRole(role), others=others)
        except KeyError as error:
            raise ValueError(str(error.args[0])) from None
        self.rubric.paid = 0.0
        self._episode_id, self._steps = episode_id, 0
        seen = self._seen(None)
        seen.instructions = load_role_prompt(self._shift.role)
        return seen

    async def reset_async(self, **given: Any) -> IncidentObservation:
        """Begin an incident here: it takes less than a change of thread."""
        return self.reset(**given)

    def _step_impl(self, action: IncidentAction, timeout_s: float | None = None, **_: Any) -> IncidentObservation:
        del timeout_s
        return self._act(self._read(action))

    def step(self, action: Any, timeout_s: float | None = None, **more: Any) -> Any:
        """Take one step."""
        if type(action) in _OF_TOOLS:
            return super().step(action, timeout_s=timeout_s, **more)
        return self._step_impl(action)

    async def step_async(self, action: Any, timeout_s: float | None = None, **more: Any) -> Any:
        """Take one step here, with those of other sessions: it takes less than a change of thread."""
        if type(action) in _OF_TOOLS:
            return await super().step_async(action, timeout_s=timeout_s, **more)
        if len(_OPEN) == 1:
            return self._step_impl(action)
        return await _STEPS.call(partial(self._step_impl, action))

    def _act(self, move: TextAction) -> IncidentObservation:
        """Play one action; after the end nothing changes."""
        shift = self._running()
        was_done = shift.done
        shift.act(move)
        self.rubric.paid = shift.score if shift.done and not was_done else 0.0
        self._steps += 1
        return self._seen(move)

    def _read(self, action: IncidentAction) -> TextAction:
        role = self._running().role
        if action.text is not None:
            return parse_action(action.text, role=role)
        if action.action_type == "noop" and action.target is None and not action.args:
            return TextAction(role)
        wanted = {"action_type": action.action_type, "target": action.target, "args": action.args}
        return read_action(wanted, role).action

    def _running(self) -> Shift:
        if self._shift is None:
            raise RuntimeError("no episode runs: call reset first")
        return self._shift

    def _seen(self, move: TextAction | None) -> IncidentObservation:
        shift = self._running()
        seen = shift.observe()
        observation = IncidentObservation(
            done=seen.done,
            text=render_observation(seen),
            role=seen.turn_role,
            step=seen.step,
            horizon=seen.horizon,
            services=seen.view.services,
            agents=tuple(name for name, _, _ in seen.view.fleet_agents),
            notice=seen.notice,
            reward=None if move is None else 0.0,
        )
        if move is not None and (paid := float(self._apply_rubric(move, observation))):
            observation.reward = paid  # only where it is not 0: an assignment validates once more
        return observation

    @property
    def state(self) -> IncidentState:
        """Where the episode stands."""
        shift = self._shift
        if shift is None:
            return IncidentState()
        return IncidentState(episode_id=self._episode_id, step_count=self._steps, role=str(shift.role), done=shift.done)

    def get_metadata(self) -> EnvironmentMetadata:
        """What trainers are shown of the environment."""
        return EnvironmentMetadata(
            name="journeyman-gym",
            description="Simulated incidents for SRE agents: dynamic, seeded, scored 0 to 1, the truth out of reach.",
            version=version("journeyman"),
            author="Journeyman",
        )

    def list_splits(self) -> list[str]:
        """The splits: every tier's train, validation and held_out tasks."""
        return [f"{tier.label}-{split.label}" for tier in Tier for split in Split]

    def num_tasks(self, split: str) -> int:
        """How many tasks a split has."""
        self.get_task(split, 0)
        return MAX_NUMBER + 1

    def get_task(self, split: str, index: int) -> dict[str, Any]:
        """What is public of a task."""
        if split not in self.list_splits():
            raise ValueError(f"there is no split {split!r}; there are {', '.join(self.list_splits())}")
        if not 0 <= index <= MAX_NUMBER:
            raise IndexError(f"there is no task {index} in {split}; they go from 0 to {MAX_NUMBER}")
        one: Task = task(f"{split}-{index}@{GENERATOR}")
        return {"split": split, "index": index, "tier": one.tier.label, "roles": [str(role) for role in AgentRole]}

    def list_tasks(self, split: str) -> list[dict[str, Any]]:
        """The first tasks of a split."""
        return self.get_task_range(split, 0, PREVIEW)

    def get_task_range(self, split: str, start: int | None = None, stop: int | None = None) -> list[dict[str, Any]]:
        """Some tasks of a split, at most a thousand at once."""
        first = start or 0
        return [self.get_task(split, index) for index in range(first, min(stop or first + PREVIEW, first + 1000))]

    def render_web(self, observation: dict[str, Any]) -> str:
        """The view for the page at `/web`."""
        shown = observation.get("observation", observation)
        return f'<pre style="{_DRAWN}">{html.escape(str(shown.get("text", "")))}</pre>'

    def web_actions(self, observation: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        """The buttons of the page: a closer look at every service, and what needs no target."""
        shown = observation.get("observation", observation)
        role = AgentRole(str(shown.get("role", "sre")))
        buttons = [("wait", {"action_type": "noop"})]
        buttons += [(f"look at {name}", {"action_type": "noop", "target": name}) for name in shown.get("services", [])]
        free = {"resolve"} & {one.label for one in ALLOWED_ACTIONS[role.number]}
        return buttons + [(name, {"action_type": name}) for name in sorted(free)]


def _whose(tool: RoleTool) -> str:
    """Say which roles may do it, where not all may; another role's call passes a step and says so."""
    roles = [str(role) for role in AgentRole if tool.action_type.number in ALLOWED_ACTIONS[role.number]]
    return "" if len(roles) == len(AgentRole) else f" For {' and '.join(roles)}."
