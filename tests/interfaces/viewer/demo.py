"""Sessions of every kind, for looking at pages: `python -m tests.interfaces.viewer.demo` serves them until Ctrl-C."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from tests.interfaces.viewer.served import GATES, Served, gated, mission, served

OFFERED = """\
name: roll-out
directive: Roll the new version of ${service} out to ${share} of the customers, and stop if errors rise.
parameters:
  service: {type: string, enum: [checkout, search, login], default: checkout, description: what is rolled out}
  share: {type: number, minimum: 0, maximum: 1, default: 0.1, description: part of the customers}
  ticket: {type: string, description: the ticket that asks for it}
criteria: [{id: done, kind: plan_finished}]
commands: {announce: {run: "echo rolled out", effect: pure}}
tools: [announce]
plan: [{calls: [{tool: announce}]}]
budget: {iterations: 1}
"""


def fill(viewer: Served) -> None:
    """One session of each kind, a mission that is offered, and a log of the gym."""
    folder = viewer.folder
    for name in ("missions", "gym"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "missions" / "roll-out.yaml").write_text(OFFERED, encoding="utf-8")
    viewer.run(mission("tune checkout latency"), "tuned")
    viewer.run(mission("tune checkout latency", plan=[{"calls": [{"tool": "set_workers", "args": {"workers": 3}}, {"tool": "measure"}]}],
                       explore=False), "tuned-badly")  # fmt: skip
    viewer.run(mission("change production settings", approve="always"), "asks-first")
    viewer.run(mission("watch the rollout", **gated("rollout")), "under-way", to_rest=False)
    log = [
        {"policy": policy, "task_id": f"easy-validation-{number}@3", "score": 0.925 - number / 10, "roles": [0.775, 0.925, 0.68, 0.4],
         "succeeded": number < 2, "steps": 17, "availability": 0.88, "failures": 1, "rogues": 1, "caught": number % 2,
         "false_flags": 0, "wrong_acts": 0}
        for policy in ("heuristic", "advisor:claude") for number in range(4)
    ]  # fmt: skip
    (folder / "gym" / "scores.jsonl").write_text("".join(json.dumps(row) + "\n" for row in log), encoding="utf-8")


def main() -> None:
    """Serve until Ctrl-C."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as viewer:
        fill(viewer)
        print(viewer.url, flush=True)  # noqa: T201  # where to look
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            GATES["rollout"].set()


if __name__ == "__main__":
    main()
