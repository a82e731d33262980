"""A local server that speaks the providers' wire formats from a script: test missions and adapters without a model."""

from __future__ import annotations

from journeyman.testing.model_server.script import Fault, Say, Script, load_script
from journeyman.testing.model_server.server import Call, ModelServer, serving

__all__ = ["Call", "Fault", "ModelServer", "Say", "Script", "load_script", "serving"]
