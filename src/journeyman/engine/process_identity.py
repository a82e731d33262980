"""Names of driving processes, by which another process of the same machine can tell that one of them is gone."""

from __future__ import annotations

import os
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def owner_name(new_id: str) -> str:
    """A name for this process as a driver: machine, process and start where Linux tells them, and a fresh id."""
    mark = _process_stamp(os.getpid())
    return f"p{new_id}" if mark is None else f"p{new_id}@{mark}"


def process_of(owner: str) -> int | None:
    """The number of the process of that name, where it certainly lives on this machine."""
    pid, mark = _parts(owner)
    return pid if pid is not None and _process_stamp(pid) == mark else None


def is_gone(owner: str) -> bool:
    """Tell whether the process of that name has certainly ended; false where nobody on this machine can know."""
    pid, mark = _parts(owner)
    return pid is not None and _process_stamp(pid) != mark


def _parts(owner: str) -> tuple[int | None, str]:
    """Process number and mark of a name that was made on this machine since it started."""
    _, _, mark = owner.partition("@")
    boot, _, rest = mark.partition(".")
    pid = rest.partition(".")[0]
    return (int(pid) if pid.isdigit() and boot == _boot() else None), mark


def _boot() -> str:
    try:
        return _BOOT.read_text("ascii").strip()[:8]
    except OSError:
        return ""


def _process_stamp(pid: int) -> str | None:
    """Boot, process and when it started, so that a number used again is another process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    boot = _boot()
    zombie = fields[0] in ("Z", "X")
    return f"{boot}.{pid}.{fields[19]}" if boot and not zombie else None
