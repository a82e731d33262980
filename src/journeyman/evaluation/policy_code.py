"""Policies in a Python file, `FILE.py:NAME`: what stands there is called with a number of worlds and gives a team."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from journeyman.gym.evaluate import MakeTeam
from journeyman.mission.values.errors import InvalidInput, NotFound, Problem

SUFFIX: Final = ".py"
_MODULE: Final = "journeyman_policy_file"


@dataclass(frozen=True, slots=True)
class PolicyCode:
    """Which callable of which file."""

    path: Path
    name: str

    @property
    def sha256(self) -> str:
        """The digest of the file.

        Raises:
            NotFound: it cannot be read.
        """
        try:
            return hashlib.sha256(self.path.read_bytes()).hexdigest()
        except OSError as error:
            raise NotFound(f"cannot read the policy {str(self.path)!r}: {error.strerror}") from None


def policy_code(policy: str) -> PolicyCode | None:
    """The file and the name that a policy's name says, or `None` where it is no `FILE.py:NAME`."""
    path, colon, name = policy.rpartition(":")
    return PolicyCode(Path(path), name) if colon and path.endswith(SUFFIX) and name.isidentifier() else None


def load_maker(code: PolicyCode) -> MakeTeam:
    """Run the file in this process and return what it calls `NAME`.

    Raises:
        InvalidInput: the file fails, or has no such callable.
        NotFound: there is no such file.
    """
    if not code.path.is_file():
        raise NotFound(f"there is no policy file {str(code.path)!r}")
    folder = str(code.path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)  # a policy may stand in several files
    spec = importlib.util.spec_from_file_location(_MODULE, code.path)
    if spec is None or spec.loader is None:
        raise _unusable(code, "Python does not load it")
    module = importlib.util.module_from_spec(spec)
    sys.modules[_MODULE] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # a file of the user's may raise anything
        raise _unusable(code, f"running it raises {type(error).__name__}: {error}") from error
    found = getattr(module, code.name, None)
    if not callable(found):
        known = ", ".join(sorted(name for name, value in vars(module).items() if _offered(name, value)))
        raise _unusable(code, f"it has no callable {code.name!r}", f"it has {known or 'none'}")
    return cast("Callable[[int], Any]", found)


def _offered(name: str, value: object) -> bool:
    return not name.startswith("_") and callable(value) and getattr(value, "__module__", "") == _MODULE


def _unusable(code: PolicyCode, what: str, hint: str = "") -> InvalidInput:
    hint = hint or "write FILE.py:NAME, where NAME(worlds) gives an object with act(observations)"
    return InvalidInput("--policy", (Problem(where=str(code.path), message=what, hint=hint),))
