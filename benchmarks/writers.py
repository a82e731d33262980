"""Eight processes that write to one session while another one drives it: nothing lost, nothing twice, no slower at the end.

The writers add notes as people do, 10,000 in all; the driver makes iterations of a mission all the while.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import anyio

from benchmarks.report import Meter, Row
from journeyman.config import Settings
from journeyman.engine import control
from journeyman.engine.records import read_record
from journeyman.engine.verification import check_record
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model import events as e
from journeyman.wiring import opened

WRITERS: Final = 8
NOTES_EACH: Final = 1250
_STRETCHES: Final = 5


def run(progress: Meter) -> list[Row]:
    """Write, drive, read again."""
    progress.start("notes", 1)
    with tempfile.TemporaryDirectory() as place:
        settings = Settings(data_dir=Path(place))
        anyio.run(_created, settings, Path(place))
        command = [sys.executable, "-m", "benchmarks.writers", place]
        driver = subprocess.Popen([*command, "drive"], stdout=subprocess.PIPE, text=True)
        writers = [subprocess.Popen([*command, str(one)], stdout=subprocess.PIPE, text=True) for one in range(WRITERS)]
        stretches = [json.loads(process.communicate()[0]) for process in writers]
        Path(place, "enough").touch()
        iterations = int(driver.communicate()[0])
        progress.step()
        notes, driven, whole = anyio.run(_read, settings)
    wanted = WRITERS * NOTES_EACH
    by_writer = {one: [note for who, note in notes if who == f"person:w{one}"] for one in range(WRITERS)}
    in_order = sum(found == [f"note {number}" for number in range(NOTES_EACH)] for found in by_writer.values())
    first, last = (statistics.median(times[index] for times in stretches) for index in (0, -1))
    return [
        Row("notes in the record", len(notes), f"of {wanted}", f"= {wanted}", len(notes) == wanted),
        Row("writers whose notes are all there, once and in order", in_order, "", f"= {WRITERS}", in_order == WRITERS),
        Row("iterations driven meanwhile", iterations, f"{driven} in the record", ">= 1", iterations == driven >= 1),
        Row("the record verifies", "yes" if whole else "no", "", "yes", whole),
        Row("processor time of the last notes, beside the first", round(last / first, 2), "x", "<= 1.5", last <= 1.5 * first),
    ]  # fmt: skip


async def _created(settings: Settings, folder: Path) -> None:
    mission = validate_mission(
        {
            "directive": "Wait for ada.",
            "criteria": [{"id": "there", "kind": "artifact", "path": "enough"}],
            "budget": {"wall_clock_s": 3600},
            "stagnation": {"threshold": 100_000},
        }
    )
    async with opened(settings) as journeyman:
        await journeyman.engine.create(mission, folder, session_id="w")


async def _drive(settings: Settings) -> int:
    async with opened(settings) as journeyman:
        return (await journeyman.engine.drive("w")).usage.iterations


async def _write(settings: Settings, number: int) -> list[float]:
    """The processor time of each stretch of notes."""
    times: list[float] = []
    async with opened(settings) as journeyman:
        began = time.process_time()
        for index in range(NOTES_EACH):
            await control.note(journeyman.store, journeyman.clock, "w", f"w{number}", f"note {index}")
            if (index + 1) % (NOTES_EACH // _STRETCHES) == 0:
                times.append(time.process_time() - began)
                began = time.process_time()
    return times


async def _read(settings: Settings) -> tuple[list[tuple[str, str]], int, bool]:
    async with opened(settings) as journeyman:
        record = await read_record(journeyman.store, "w")
        notes = [(row.actor, row.event.text) for row in record.events if isinstance(row.event, e.NoteAdded)]
        driven = sum(isinstance(row.event, e.Decided) for row in record.events)
        found = await check_record(journeyman.store, "w")
        return notes, driven, found.bad_seq is None


if __name__ == "__main__":
    here = Settings(data_dir=Path(sys.argv[1]))
    os.chdir(sys.argv[1])
    told = anyio.run(_drive, here) if sys.argv[2] == "drive" else anyio.run(_write, here, int(sys.argv[2]))
    print(json.dumps(told))
