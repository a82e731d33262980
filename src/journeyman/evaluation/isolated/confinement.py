"""A process closes itself in: it reads Python and what it is given, writes in one folder, reaches no network.

Linux's Landlock and namespaces do this for any user, for good, and for whatever the process starts; from inside, other
processes can neither be read nor signalled.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import sysconfig
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
"""System calls, the same numbers on all architectures but Alpha."""
_VERSION_FLAG: Final = 1
_NO_NEW_PRIVS: Final = 38
_NEW_USER: Final = 0x10000000
_NEW_NETWORK: Final = 0x40000000
_PATH_BENEATH: Final = 1
_EXECUTE, _WRITE, _READ, _LIST = 1, 2, 4, 8
_FILES_BY_ABI: Final = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many kinds of access to files each version of Landlock knows; later ones know no more."""
_ON_FILES: Final = _EXECUTE | _WRITE | _READ | 1 << 14 | 1 << 15
"""Kinds that a rule for a plain file may name."""
_TCP: Final = 3
_SCOPES: Final = 3
"""Abstract sockets and signals, from version 6 on."""
_LEAST_ABI: Final = 1
_CPU_FILES: Final = ("/sys/devices/system/cpu", "/proc/cpuinfo", "/proc/meminfo", "/etc/ld.so.cache", "/etc/localtime")
"""What numerical libraries ask of the machine."""
_LIBRARIES: Final = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/share/zoneinfo")
_DEVICES: Final = ("/dev/null", "/dev/urandom", "/dev/random", "/dev/zero")


def landlock_version() -> int:
    """The version of Landlock that this system has; 0 for none."""
    if sys.platform != "linux":
        return 0
    return max(0, ctypes.CDLL(None, use_errno=True).syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG))


def readable_by_all() -> tuple[Path, ...]:
    """What every confined process may read: Python, its packages, this package, system libraries."""
    own = (sys.prefix, sys.base_prefix, *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")))
    package = str(Path(__file__).parents[2])
    return tuple(Path(one) for one in dict.fromkeys((*own, package, *_LIBRARIES, *_CPU_FILES)))


def confine(*, readable: Iterable[Path], writable: Iterable[Path]) -> None:
    """Close this process in, for good.

    Args:
        readable: folders and files that may be read, besides Python's own.
        writable: folders that may be written to, too.

    Raises:
        OSError: the system refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    _leave_network(libc)
    abi = landlock_version()
    if abi < _LEAST_ABI:
        raise OSError("this system has no Landlock")
    files = (1 << _FILES_BY_ABI.get(abi, max(_FILES_BY_ABI.values()))) - 1
    attributes = struct.pack("<QQQ", files, _TCP if abi >= 4 else 0, _SCOPES if abi >= 6 else 0)
    # A version is only told the attributes that it knows.
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = _checked(libc.syscall(_CREATE_RULESET, attributes[:size], ctypes.c_size_t(size), 0))
    for path in (*readable_by_all(), *readable):
        _allow(libc, ruleset, path, (_EXECUTE | _READ | _LIST) & files)
    for path in writable:
        _allow(libc, ruleset, path, files)
    for name in _DEVICES:
        _allow(libc, ruleset, Path(name), _READ | _WRITE)
    _checked(libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0))
    _checked(libc.syscall(_RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, access: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there need not be allowed
    allowed = access if path.is_dir() else access & _ON_FILES
    rule = struct.pack("<Qi", allowed, place)
    _checked(libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0))
    os.close(place)


def _leave_network(libc: ctypes.CDLL) -> None:
    """Move into a network without any interface, where the system lets us; Landlock alone only stops TCP."""
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_NEW_USER | _NEW_NETWORK) == 0:
        with suppress(OSError):
            Path("/proc/self/setgroups").write_text("deny", "ascii")
        with suppress(OSError):
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1", "ascii")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1", "ascii")


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
