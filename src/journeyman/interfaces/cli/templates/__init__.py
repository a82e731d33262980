"""The mission files that `journeyman new` writes: `NAME.yaml`, and the module that goes with one, `NAME.py.txt`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Final

from journeyman.mission.values.errors import InvalidInput, NotAllowed, NotFound, Problem


class Template(StrEnum):
    """What kind of mission is written."""

    PYTHON = "python"
    COMMAND = "command"
    TESTS = "tests"
    HTTP_SLO = "http-slo"
    MCP = "mcp"
    TUNE = "tune"


DIRECTIVES: Final = {
    Template.PYTHON: "Find a number of workers with which a request takes at most 20 ms.",
    Template.COMMAND: "Keep room on the disk.",
    Template.TESTS: "Make the tests pass.",
    Template.HTTP_SLO: "The site answers within half a second.",
    Template.MCP: "Tell whether this repository is behind its remote.",
    Template.TUNE: "Find a number of workers with which a request takes at most 20 ms.",
}


def text_of(template: Template, path: Path, directive: str = "") -> str:
    """The mission file, commented, as it is written to `path`."""
    name = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in path.stem)
    words = json.dumps(directive or DIRECTIVES[template], ensure_ascii=False)
    text = files(__name__).joinpath(f"{template.value}.yaml").read_text("utf-8")
    marks = {"@PATH@": str(path), "@NAME@": json.dumps(name), "@DIRECTIVE@": words, "@MODULE@": _module(path).stem}
    for mark, value in marks.items():
        text = text.replace(mark, value)
    return text


def write_template(template: Template, path: Path, directive: str, *, force: bool) -> Iterator[Path]:
    """Write a mission file, and the module beside it where there is one; give their paths."""
    texts = {path: text_of(template, path, directive)}
    module = files(__name__).joinpath(f"{template.value}.py.txt")
    if module.is_file():
        texts[_module(path)] = module.read_text("utf-8")
        if not _module(path).stem.isidentifier():
            hint = "use letters, digits and _"
            problem = Problem(where=str(path), message="cannot name a Python module beside it", hint=hint)
            raise InvalidInput("FILE", (problem,))
    for file in texts:
        if file.exists() and not force:
            raise NotAllowed(f"{str(file)!r} exists already; choose another name, or overwrite it with --force")
    for file, text in texts.items():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise NotFound(f"cannot write {str(file)!r}: {error.strerror}; choose another place") from None
        yield file


def _module(path: Path) -> Path:
    return path.parent / f"{path.stem.replace('-', '_')}_tools.py"
