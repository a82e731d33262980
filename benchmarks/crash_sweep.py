"""SIGKILL at every commit and effect boundary of thirteen missions, in processes of their own.

Tools of all four effect classes, in order, at once, in a script with `gather`, and with probes for evidence. Boundaries:
before and after each commit of the store; before a call, in it after its effect on the world, and after its answer. The
process that goes on is killed as well, at a boundary of its own; the third brings the mission to its end, a person
having said of each unknown effect what the world knows. Then the record must verify and replay, and the world's ledger,
which lives outside the killed processes, must agree with it. More missions die by themselves as well: of scripts that fail
before and after a settled unsafe call, of calls that give no answer, of six calls that each kill the process, of calls of
each class that kill it three times in a row, and of an MCP server that dies alone or takes the engine with it. Two missions play a simulated incident, which dies with its
process: their records must tell, call by call, what those of missions tell that nobody killed. The kit is
`journeyman.testing.crash_sweep`.
"""

from __future__ import annotations

from collections import Counter

from benchmarks.report import Meter, Row
from journeyman.testing.crash_sweep import MISSIONS, CrashResult, sweep

EVERY = {"three kills a call": 13, "a server that dies alone": 5, "a server that dies with the engine": 5}
"""Boundaries apart, where one kill costs some thirty processes more."""


def run(progress: Meter) -> list[Row]:
    """Measure, and give the rows."""
    crashes: list[CrashResult] = []
    for name in MISSIONS:
        progress.start(name, 60)
        for crash in sweep(name, every=EVERY.get(name, 1), twice=True):
            crashes.append(crash)
            progress.step()
    killed = [crash for crash in crashes if crash.boundary]
    where = Counter(crash.boundary for crash in killed)
    repeated, lost = sum(crash.repeated for crash in crashes), sum(crash.lost for crash in crashes)
    unresolved, faults = sum(crash.unresolved for crash in crashes), [crash for crash in crashes if crash.fault]
    dropped, keys = sum(crash.dropped for crash in crashes), sum(crash.keys for crash in crashes)
    strayed = sum(crash.strayed for crash in crashes)
    achieved = sum(crash.achieved for crash in crashes)
    return [
        Row("missions", len(MISSIONS), "missions"),
        Row("points of a first kill", len(killed), "kills", ">= 100", len(killed) >= 100),
        *(Row(f"  {boundary}", count, "kills") for boundary, count in sorted(where.items())),
        Row("effects in flight at the kills", sum(crash.in_flight for crash in killed), "effects"),
        Row("settled effects repeated", repeated, "effects", "= 0", repeated == 0),
        Row("effects lost", lost, "effects", "= 0", lost == 0),
        Row("steps dropped", dropped, "effects", "= 0", dropped == 0),
        Row("keys that changed, or that two calls had", keys, "keys", "= 0", keys == 0),
        Row("effects left neither done, failed, reconciled nor unknown", unresolved, "effects", "= 0", unresolved == 0),
        Row("calls, results and verdicts of incidents that stray", strayed, "rows", "= 0", strayed == 0),
        Row("missions achieved after it all", achieved, "missions", f"= {len(crashes)}", achieved == len(crashes)),
        Row("records that verify or replay finds at fault", len(faults), "records", "= 0", not faults),
    ]
