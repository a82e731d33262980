"""The server: `uvicorn journeyman.interfaces.openenv.server:app`, or `python -m journeyman.interfaces.openenv.server`."""
# pyright: basic, reportMissingImports=false, reportUntypedBaseClass=false
# OpenEnv lives in an environment of its own, which the checks of this project do not see.

from __future__ import annotations

import argparse
import os
from pathlib import Path

import uvicorn
from openenv.core.env_server.http_server import create_app

from journeyman.interfaces.openenv.environment import IncidentEnvironment
from journeyman.interfaces.openenv.models import IncidentAction, IncidentObservation, IncidentState

SESSIONS = int(os.environ.get("JOURNEYMAN_GYM_SESSIONS", "256"))
"""Incidents that may run at once, one per connection."""

# The page at /web shows it: the framework finds its text nowhere else when it is given a class.
os.environ.setdefault("ENV_README_PATH", str(Path(__file__).with_name("README.md")))

app = create_app(
    IncidentEnvironment,
    IncidentAction,
    IncidentObservation,
    env_name="journeyman-gym",
    max_concurrent_envs=SESSIONS,
    state_cls=IncidentState,
)


def main() -> None:
    """Serve on this machine's loopback unless told otherwise."""
    parser = argparse.ArgumentParser(prog="journeyman.interfaces.openenv.server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    # Observations are short and trainers near: compressing them would cost more than a step.
    uvicorn.run(app, host=options.host, port=options.port, log_level="warning", ws_per_message_deflate=False)


if __name__ == "__main__":
    main()
