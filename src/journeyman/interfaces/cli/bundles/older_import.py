"""`bundle import --from older`: tasks out of what an older runner left."""

from __future__ import annotations

from pathlib import Path

from journeyman.bundles.member_names import clashing, name_fault
from journeyman.bundles.older.tasks import older_tasks
from journeyman.bundles.older.tree import FileTree
from journeyman.concurrency.folder_removal import remove_folder
from journeyman.interfaces.cli.shared import print_json
from journeyman.interfaces.cli.terminal import say
from journeyman.interfaces.pages.private_files import write_private
from journeyman.mission.files.task_lines import TaskLine
from journeyman.mission.values.errors import NotAllowed, Unavailable
from journeyman.stores.whole_files import write_new_file


def import_older(place: Path, output: Path, *, as_json: bool) -> None:
    """Write the tasks of an older runner's bundle or data set as JSON lines, and their files into a folder beside it."""
    folder = output.with_name(f"{output.stem}-assets")
    if output.exists() or folder.exists():
        raise NotAllowed(
            f"{output if output.exists() else folder} exists; name another file with --output", code="output_exists"
        )
    tree = FileTree(place)
    lines: list[TaskLine] = []
    copied = 0
    try:
        for task, assets in older_tasks(tree):
            faulty = {name for name in assets if name_fault(name)} | clashing(assets).keys()
            kept = sorted(assets.keys() - faulty)
            for name in kept:
                write_new_file(folder / task.id / name, tree.read(assets[name]))
                copied += 1
            lines.append(task.model_copy(update={"assets": [f"{folder.name}/{task.id}/{name}" for name in kept]}))
        write_private(output, "".join(f"{line.model_dump_json()}\n" for line in lines))
    except OSError as error:
        remove_folder(folder)
        raise Unavailable(f"cannot write {output}: {error.strerror}; name another file with --output") from None
    except BaseException:
        remove_folder(folder)
        raise
    if as_json:
        print_json({"file": str(output), "tasks": len(lines), "assets": copied})
    else:
        said = f" and {copied} files in {folder}" if copied else ""
        say(f"wrote {output}: {len(lines)} tasks{said}")
