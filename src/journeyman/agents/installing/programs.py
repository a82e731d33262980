"""Where the program of a host is, and which version."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping

from journeyman.agents import HOSTS

_VERSION = re.compile(r"\d+\.\d+[.\d]*(?:[-+][\w.]+)?")


def find_program(host: str, environment: Mapping[str, str]) -> str:
    """The path of a host's program on the PATH; empty where it is not there."""
    path = environment.get("PATH")
    return next((found for name in HOSTS[host].programs if (found := shutil.which(name, path=path))), "")


def version_in(output: bytes) -> str:
    """The version that a program printed; empty where it named none."""
    found = _VERSION.search(output.decode("utf-8", "replace"))
    return found.group() if found else ""
