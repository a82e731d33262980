"""The server of a role's tools: one process for all rollouts of a worker, each in a world of its own.

A world is a function of its task and the actions so far, and the state of a rollout holds both. So the server may
forget a world, or start again, and plays the actions once more.
"""
# pyright: basic, reportMissingImports=false, reportUntypedBaseClass=false
# verifiers lives in an environment of its own, which the checks of this project do not see.

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from pydantic import Field

from journeyman.gym.tasks import task
from journeyman.gym.text.reading import action_to_training_target, read_action
from journeyman.gym.text.shift import Shift
from journeyman.gym.text.tools import OVER, RoleTool, play, tools_of, typed
from journeyman.gym.text.words import AgentRole

try:
    import verifiers.v1 as vf
except ImportError as error:
    raise ImportError("the gym's taskset needs the extra: pip install 'journeyman[verifiers]'") from error

KEPT_WORLDS: Final = 1024
"""Worlds that the server remembers; it plays the others again when they are asked for."""
_BROKEN: Final = "The incident broke off."
_log = logging.getLogger(__name__)


class RolloutState(vf.State):
    """All that a rollout's world is made of; the model sees none of it."""

    rollout: str = ""
    task_id: str = ""
    moves: list[str] = Field(default_factory=list)
    """The role's actions so far, as `action_to_training_target` writes them."""
    over: bool = False
    fault: str = ""
    """What broke in the server; such a rollout is an error and has no reward."""


class IncidentToolsConfig(vf.SharedToolsetConfig):
    """Whose tools are served."""

    role: AgentRole = AgentRole.SRE
    others: str = "heuristic"


class IncidentTools(vf.Toolset[IncidentToolsConfig, RolloutState]):
    """The tools of one role over MCP."""

    TOOL_PREFIX = None  # bare names, as in the briefing

    def __init__(self, config: IncidentToolsConfig) -> None:
        super().__init__(config)
        self._kept: OrderedDict[str, tuple[list[str], Shift]] = OrderedDict()

    def register(self, mcp: Any) -> None:
        """Offer the role's tools, as they are typed for every trainer."""
        for tool in tools_of(self.config.role):
            mcp.add_tool(self._with_state(self._served(tool)), name=tool.name, description=tool.description)

    def _served(self, tool: RoleTool) -> Callable[..., str]:
        def serve(**given: Any) -> str:
            state = self.state
            try:
                return self._play(state, tool, given)
            except Exception as error:  # noqa: BLE001  # whatever broke is ours, and no play to score
                _log.exception("a world broke")
                state.fault = f"{type(error).__name__}: {error}"
                return _BROKEN

        return typed(tool, serve)

    def _play(self, state: RolloutState, tool: RoleTool, given: Mapping[str, object]) -> str:
        if state.over or state.fault:
            return OVER if state.over else _BROKEN
        shift = self._shift_of(state)
        seen = play(shift, tool, given)
        state.moves = [*state.moves, action_to_training_target(shift.moves[shift.role])]
        state.over = shift.done
        if not state.over:
            self._keep(state, shift)
        return seen

    def _shift_of(self, state: RolloutState) -> Shift:
        moves, shift = self._kept.pop(state.rollout, ([], None))
        if shift is None or moves != state.moves:
            shift = Shift(task(state.task_id), self.config.role, others=self.config.others)
            replay_moves(shift, state.moves)
        return shift

    def _keep(self, state: RolloutState, shift: Shift) -> None:
        self._kept[state.rollout] = (state.moves, shift)
        if len(self._kept) > KEPT_WORLDS:
            self._kept.popitem(last=False)


def replay_moves(shift: Shift, moves: Iterable[str]) -> int:
    """Play a role's moves in a fresh incident and give how many were not carried out."""
    refused = 0
    for move in moves:
        shift.act(read_action(json.loads(move), shift.role).action)
        refused += bool(shift.world.refusals[shift.role])
    return refused


if __name__ == "__main__":
    IncidentTools.run()
