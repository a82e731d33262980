"""A local server that speaks the providers' wire formats from a script: test missions and adapters without a model."""

from __future__ import annotations

from journeyman.testing.model_server.script import Script, ScriptedFault, ScriptLine, load_script
from journeyman.testing.model_server.server import ModelServer, ReceivedRequest, serving

__all__ = ["ModelServer", "ReceivedRequest", "Script", "ScriptLine", "ScriptedFault", "load_script", "serving"]
