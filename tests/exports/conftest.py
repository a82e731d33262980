"""Nothing is collected where the readers are not installed."""

from __future__ import annotations

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec("inspect_ai") else ["test_*.py"]
