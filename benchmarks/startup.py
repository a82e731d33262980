"""How long `import journeyman` and `journeyman --help` take, beside an empty Python, as medians of ten."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benchmarks.report import Meter, Row

RUNS = 10
IMPORT_S = 0.15
HELP_S = 0.35
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import journeyman": ["-c", "import journeyman"],
    "journeyman --help": ["-m", "journeyman", "--help"],
}


def run(progress: Meter) -> list[Row]:
    """Measure the three in turn, so that all see the same machine."""
    progress.start("start-up", RUNS * len(COMMANDS))
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(RUNS):
        for name, words in COMMANDS.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, *words], check=True, capture_output=True)
            seconds[name].append(time.perf_counter() - began)
            progress.step()
    median = {name: round(statistics.median(row), 4) for name, row in seconds.items()}
    return [
        Row("python -c pass", median["python -c pass"], "s"),
        Row(
            "import journeyman",
            median["import journeyman"],
            "s",
            f"<= {IMPORT_S}",
            median["import journeyman"] <= IMPORT_S,
        ),
        Row(
            "journeyman --help", median["journeyman --help"], "s", f"<= {HELP_S}", median["journeyman --help"] <= HELP_S
        ),
    ]
