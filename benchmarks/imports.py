"""`import journeyman`, its broker, settings and wiring with every SDK installed: no SDK is imported."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from typing import Final

from benchmarks.report import Meter, Row

SDKS: Final = ("anthropic", "openai", "boto3", "botocore", "pydantic_ai", "genai_prices", "mcp", "acp", "httpx2")
WAYS: Final = {
    "import journeyman": "import journeyman",
    "every module of advisors": (
        "import pkgutil, importlib, journeyman.advisors as package\n"
        "for found in pkgutil.iter_modules(package.__path__): importlib.import_module(f'journeyman.advisors.{found.name}')"
    ),
    "wiring": "import journeyman.wiring",
}


def run(progress: Meter) -> list[Row]:
    """Import in fresh processes and look at what is loaded."""
    progress.start("imports", len(WAYS))
    missing = [name for name in SDKS if importlib.util.find_spec(name) is None]
    rows = [Row("SDKs installed", len(SDKS) - len(missing), "packages", f"= {len(SDKS)}", not missing)]
    for way, code in WAYS.items():
        shown = f"import sys\n{code}\nprint(' '.join(name for name in {SDKS!r} if name in sys.modules))"
        ended = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True)
        loaded = ended.stdout.split()
        rows.append(Row(f"SDKs loaded by {way}", len(loaded), " ".join(loaded) or "packages", "= 0", not loaded))
        progress.step()
    return rows
