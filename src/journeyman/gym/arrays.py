"""The array types of the gym; worlds are the first axis, and one world's values lie together in memory."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
Words: TypeAlias = NDArray[np.uint64]
Vector: TypeAlias = NDArray[np.float32]
Records: TypeAlias = NDArray[Any]
"""One record of `state.py` per world."""
