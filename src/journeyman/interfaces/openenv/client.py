"""The client: plays a served incident over one WebSocket connection."""
# pyright: basic, reportMissingImports=false, reportUntypedBaseClass=false
# OpenEnv lives in an environment of its own, which the checks of this project do not see.

from __future__ import annotations

from typing import Any

from openenv.core.client_types import StepResult
from openenv.core.env_client import EnvClient

from journeyman.interfaces.openenv.models import IncidentAction, IncidentObservation, IncidentState


class IncidentClient(EnvClient[IncidentAction, IncidentObservation, IncidentState]):
    """Incidents on a server; async, or `.sync()`."""

    def _step_payload(self, action: IncidentAction) -> dict[str, Any]:
        return action.model_dump(exclude_defaults=True)

    def _parse_result(self, payload: dict[str, Any]) -> StepResult[IncidentObservation]:
        reward, done = payload.get("reward"), bool(payload.get("done", False))
        seen = IncidentObservation(**payload["observation"], reward=reward, done=done)
        return StepResult(observation=seen, reward=reward, done=done)

    def _parse_state(self, payload: dict[str, Any]) -> IncidentState:
        return IncidentState(**payload)
