"""A served gym on loopback. Nothing here is collected where OpenEnv is not installed."""
# pyright: basic, reportMissingImports=false
# OpenEnv lives in an environment of its own, which the checks of this project do not see.

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

collect_ignore_glob = [] if importlib.util.find_spec("openenv") else ["test_*.py"]


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """The address of a real server in another process."""
    from benchmarks.openenv.serving import served  # noqa: PLC0415  # needs OpenEnv

    with served("journeyman.interfaces.openenv.server:app") as address:
        yield address
