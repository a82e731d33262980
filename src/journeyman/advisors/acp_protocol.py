"""The SDK of the Agent Client Protocol: loaded late, kept from logging what agents say, and its handshake."""

from __future__ import annotations

import importlib
import importlib.util
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from journeyman.advisors.log_filter import RedactRootLogs

MISSING_EXTRA: Final = "the extra is not installed: pip install 'journeyman[agent]'"
_LOGIN_NEEDED: Final = -32000


def acp_installed() -> bool:
    """Tell whether the SDK is there, without loading it."""
    return importlib.util.find_spec("acp") is not None


def load_acp() -> Any:
    """The SDK, which takes a second to load. Raises `ImportError` where the extra is missing."""
    acp: Any = importlib.import_module("acp")
    RedactRootLogs(str(Path(acp.__file__).parent))()
    return acp


async def shake_hands(acp: Any, connection: Any) -> Any:
    """What the agent says of itself; it is offered no file and no terminal of ours."""
    schema = acp.schema
    return await connection.initialize(
        protocol_version=acp.PROTOCOL_VERSION,
        client_capabilities=schema.ClientCapabilities(),
        client_info=schema.Implementation(name="journeyman", version=version("journeyman")),
    )


def wants_login(error: Exception) -> bool:
    """Tell whether an agent's error says that nobody has logged in."""
    return getattr(error, "code", None) == _LOGIN_NEEDED
