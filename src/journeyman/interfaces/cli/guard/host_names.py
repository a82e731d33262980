"""Hosts by the name that is typed."""

from __future__ import annotations

from journeyman.agents import HOSTS
from journeyman.mission.values.errors import NotFound


def known_host(name: str) -> str:
    """The name, where there is such a host; raises `NotFound`."""
    if name not in HOSTS:
        raise NotFound(f"no host is called {name!r}; there are {', '.join(HOSTS)}")
    return name
