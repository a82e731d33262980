"""The process of an isolated policy: started by `policy_process`, with what it may read as arguments.

It closes itself in before it runs a line of the policy. Its standard input and output become private pipes; what the
policy prints goes where errors go.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from journeyman.evaluation.isolated.confinement import confine
from journeyman.evaluation.isolated.frames import ERROR_BYTES, Kind, read_frame, write_frame
from journeyman.evaluation.policy_code import PolicyCode, load_maker
from journeyman.gym.evaluate import MakeTeam
from journeyman.gym.observe.observation import Observations
from journeyman.gym.policies.base import Team
from journeyman.gym.records import blank
from journeyman.gym.state import Visible
from journeyman.mission.values.errors import InvalidInput

try:
    import resource
except ImportError:  # Windows has none
    resource = None

_MOST_FILE_BYTES = 1 << 28
"""Of a file that it writes, what it prints included."""


def main(code: PolicyCode, scratch: Path, *, confined: bool) -> None:
    """Serve until the input ends."""
    heard, told = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_FILE_BYTES, _MOST_FILE_BYTES))
    if confined:
        confine(readable=(code.path.resolve().parent,), writable=(scratch,))
    _serve(code, heard, told)


def _serve(code: PolicyCode, heard: BinaryIO, told: BinaryIO) -> None:
    make: MakeTeam | None = None
    team: Team | None = None
    width = 0
    while True:
        try:
            kind, payload = read_frame(heard)
        except EOFError:
            return
        answer = b""
        try:
            if kind == Kind.BEGIN:
                begun = json.loads(payload)
                make = load_maker(code) if make is None else make
                team, width = make(begun["worlds"]), begun["width"]
            else:
                assert team is not None  # noqa: S101 - the evaluation begins before it asks
                answer = _acted(team, payload, width)
        except InvalidInput as error:
            write_frame(told, Kind.FAILED, "; ".join(map(str, error.problems)).encode()[:ERROR_BYTES])
        except Exception as error:  # noqa: BLE001 - a policy may raise anything; that is its failure
            write_frame(told, Kind.FAILED, f"{type(error).__name__}: {error}".encode()[:ERROR_BYTES])
        else:
            write_frame(told, Kind(kind), answer)


def _acted(team: Team, payload: bytes, width: int) -> bytes:
    visible = np.frombuffer(payload, blank(Visible, 0).dtype)
    actions = np.asarray(cast("Any", team.act(Observations(visible, width))))
    if actions.dtype.kind not in "iu":
        raise TypeError(f"actions are {actions.dtype}; integers are wanted")
    return np.ascontiguousarray(actions, np.int64).tobytes()


if __name__ == "__main__":
    _, _path, _name, _scratch, _confined = sys.argv
    main(PolicyCode(Path(_path), _name), Path(_scratch), confined=_confined == "confined")
