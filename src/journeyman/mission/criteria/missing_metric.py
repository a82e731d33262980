"""What is said of a metric that nobody has measured: most often its name is spelt otherwise, or somebody else reports it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

_MOST_NAMES: Final = 500
"""So many observed names are compared: who reports more than that is no typing error."""
_SHOWN: Final = 3


def missing_metric(name: str, observed: Mapping[str, AbstractSet[str]]) -> str:
    """Why there is no such metric, and the nearest of those that were observed, each with the tools that report it."""
    if name in observed:
        return f"no call that counts here has reported {name!r}: only {_tools(observed[name])} did"
    names = sorted(observed)[:_MOST_NAMES]
    near = difflib.get_close_matches(name, names, n=_SHOWN)
    if near:
        return f"no call has reported {name!r}; nearest: {', '.join(f'{one} from {_tools(observed[one])}' for one in near)}"
    if not names:
        return f"no call has reported {name!r} yet"
    left_out = f" and {len(observed) - _SHOWN} more" if len(observed) > _SHOWN else ""
    return f"no call has reported {name!r} yet; reported so far: {', '.join(names[:_SHOWN])}{left_out}"


def _tools(tools: AbstractSet[str]) -> str:
    return " and ".join(sorted(tools)[:_SHOWN]) or "a script"
