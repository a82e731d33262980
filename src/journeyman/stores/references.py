"""Which blobs a stored event refers to, read from its bytes alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

MARK: Final = b'"$blob"'
"""Stands in every body that refers to a blob."""
_REFERENCE: Final = re.compile(rb'"\$blob":"([0-9a-f]{64})"')


def blobs_named(bodies: Iterable[bytes]) -> set[str]:
    """The digests of the blobs that canonical bodies name; text that looks like a reference counts as one."""
    return {found.decode() for body in bodies for found in _REFERENCE.findall(body)}
