"""Names are the field's: a path and a class tell what they hold, one name means one thing, and retired words stay away."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "journeyman"
GYM = SOURCE / "gym"
"""Its words come with its own rewriting."""

RETIRED_PATHS = {
    "apart", "asking", "desk", "fitting", "guest", "hush", "keeping", "kept", "leaving", "locating", "marks", "minder", "opening",
    "owned", "past", "places", "recent", "seats", "seen", "solo", "told", "together", "watching", "words",
}  # fmt: skip
"""Names of files and packages that did not tell what is in them."""

RETIRED_CLASSES = {
    "Acts", "Advising", "Apart", "Asked", "Asker", "Asks", "Bill", "Breaker", "Broken", "Calls", "Coalescing", "Cut", "Desk", "Drill",
    "Dying", "Endings", "Escaped", "Evaluates", "Fit", "Fitted", "Happened", "Here", "Hush", "Kept", "Known", "Lifted",
    "Located", "Looked", "Mapped", "Numbered", "Opening", "Opens", "Pace", "Past", "Purse", "Reading", "Recent", "Refusing",
    "Remembered", "Replays", "Restored", "Returned", "Said", "Seen", "Several", "Severed", "Story", "Taken", "Together", "Told",
    "Tried", "Turn", "Unharmed", "Wanted", "Watcher", "WireFault", "Withheld", "Words", "World",
}  # fmt: skip
"""Names of classes that were pictures, or that stood for several things."""

RETIRED_FUNCTIONS = {
    "abandonable", "bridge", "complain", "contained", "free_worker", "keep_bytes", "let_go", "misclosed", "mute", "on_guest_loop",
    "own", "plausible", "read_said", "said_in", "stoppable", "told", "told_by", "told_from", "untold", "well_formed",
}  # fmt: skip
"""Names of functions and methods that say nothing to somebody who does not know the code."""

HOUSE = re.compile(r"\b(rooms?|floors?|doors?)\b", re.IGNORECASE)
"""What packages, layers and entry points are called nowhere."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Every module of ours outside the gym, by its path."""
    for file in sorted(SOURCE.rglob("*.py")):
        if GYM not in file.parents:
            yield file.relative_to(SOURCE).as_posix(), ast.parse(file.read_text("utf-8"))


def test_a_path_tells_what_is_in_the_file() -> None:
    """Somebody from the field guesses a file's content; a path that had to be explained does not come back."""
    parts = {name: set(Path(name).with_suffix("").parts) & RETIRED_PATHS for name, _ in sources()}
    assert {name: found for name, found in parts.items() if found} == {}


def test_no_class_name_stands_for_two_things() -> None:
    """Whoever reads a name in an error, an import or a search need not ask which one is meant."""
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                homes[node.name.lstrip("_")].append(name)
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


def test_retired_words_stay_away() -> None:
    """They were replaced by what the field says; the glossary has the words that are used."""
    found: list[str] = []
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name.lstrip("_") in RETIRED_CLASSES:
                found.append(f"{name}: class {node.name}")
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.lstrip("_") in RETIRED_FUNCTIONS:
                found.append(f"{name}: def {node.name}")
    assert found == []


def test_a_docstring_says_what_is_special() -> None:
    """That a function gives something is true of every function: the first line begins with what is given."""
    found: list[str] = []
    for folder in ("src", "tests", "benchmarks", "examples"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            if GYM in file.parents:
                continue
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                    said = ast.get_docstring(node) or ""
                    if re.match(r"Gives?\b", said):
                        found.append(f"{file.relative_to(ROOT).as_posix()}:{node.lineno} {said.splitlines()[0]}")
    assert found == []


def test_packages_layers_and_entry_points_are_called_that() -> None:
    """The map and the design notes need no house to be explained."""
    files = [ROOT / "AGENTS.md", *sorted((ROOT / "docs" / "design").glob("*.md"))]
    found = {file.name: HOUSE.findall(file.read_text("utf-8")) for file in files}
    assert {name: words for name, words in found.items() if words} == {}
