"""Nothing here is collected where verifiers is not installed."""

from __future__ import annotations

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec("verifiers") else ["test_*.py"]
