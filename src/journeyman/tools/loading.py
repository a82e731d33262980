"""Find the functions that a mission file names: `module:callable`, also from modules beside the file."""

from __future__ import annotations

import difflib
import importlib
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Final

from journeyman.mission.values.errors import InvalidInput, Problem, Unavailable

_path: Final = threading.Lock()
"""The module path is the process's: two missions that import at once would find each other's modules."""
_TURN_S: Final = 60.0
"""How long is waited for another mission's imports, one of which may hang."""


def load_functions(specs: Sequence[str], base_dir: Path | None = None) -> tuple[Callable[..., object], ...]:
    """The callables that `specs` name, in order; raises `InvalidInput` with every one that cannot be had. Blocks.

    Args:
        specs: `package.module:callable`; the callable may be an attribute of an attribute.
        base_dir: The mission file's folder; its modules are found before all others.
    """
    functions: list[Callable[..., object]] = []
    problems: list[Problem] = []
    with _turn(), _first_on_path(base_dir):
        importlib.invalidate_caches()
        for spec in specs:
            found = _load(spec, base_dir)
            if isinstance(found, Problem):
                problems.append(found)
            else:
                functions.append(found)
    if problems:
        raise InvalidInput("the list of functions", tuple(problems), code="functions_not_loaded")
    return tuple(functions)


@contextmanager
def _turn() -> Generator[None]:
    if not _path.acquire(timeout=_TURN_S):
        raise Unavailable(
            f"the functions of another mission in this process have been importing for over {_TURN_S:g} s; run that one "
            "alone to see where it hangs"
        )
    try:
        yield
    finally:
        _path.release()


@contextmanager
def _first_on_path(folder: Path | None) -> Generator[None]:
    if folder is None:
        yield
        return
    entry = str(folder.resolve())
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        sys.path.remove(entry)


def _load(spec: str, base_dir: Path | None) -> Callable[..., object] | Problem:
    module_name, colon, path = spec.partition(":")
    if not colon or not all(part.isidentifier() for part in [*module_name.split("."), *path.split(".")]):
        return Problem(where=spec, message="is not of the form module:callable", hint="as in my_tools:run_tests")
    module = _module(spec, module_name, base_dir)
    if isinstance(module, Problem):
        return module
    found: object = module
    for part in path.split("."):
        if not hasattr(found, part):
            close = difflib.get_close_matches(part, [name for name in dir(found) if not name.startswith("_")], 1)
            hint = f"nearest: {close[0]}" if close else ""
            return Problem(where=spec, message=f"{module_name} has no {part!r}", hint=hint)
        found = getattr(found, part)
    if not callable(found):
        return Problem(where=spec, message=f"{path} is a {type(found).__name__}, not a callable")
    return found


def _module(spec: str, name: str, base_dir: Path | None) -> ModuleType | Problem:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and name.split(".", 1)[0] == error.name.split(".", 1)[0]:
            return Problem(where=spec, message=f"there is no module {error.name!r}", hint=_neighbours(name, base_dir))
        return _broken(spec, name, error)
    except BaseException as error:  # noqa: BLE001 - importing runs the user's code, which may raise anything, an exit too
        return _broken(spec, name, error)
    return _from_elsewhere(spec, module, base_dir) or module


def _broken(spec: str, name: str, error: BaseException) -> Problem:
    text = " ".join(str(error).split())[:300]
    return Problem(where=spec, message=f"importing {name} failed: {type(error).__name__}: {text}")


def _from_elsewhere(spec: str, module: ModuleType, base_dir: Path | None) -> Problem | None:
    """The problem of a module that was imported before, under the same name, from another folder."""
    if base_dir is None or module.__file__ is None:
        return None
    top = module.__name__.split(".")[0]
    beside = [base_dir / f"{top}.py", base_dir / top / "__init__.py"]
    ours = any(path.exists() for path in beside)
    if not ours or Path(module.__file__).resolve().is_relative_to(base_dir.resolve()):
        return None
    return Problem(
        where=spec,
        message=f"another module {top!r} was imported already, from {module.__file__}",
        hint=f"rename the one in {base_dir}, or run the two missions in two processes",
    )


def _neighbours(name: str, base_dir: Path | None) -> str:
    beside = sorted(path.stem for path in base_dir.glob("*.py")) if base_dir is not None else []
    close = difflib.get_close_matches(name, beside, 1)
    if close:
        return f"nearest: {close[0]}"
    return f"put {name.replace('.', '/')}.py into {base_dir}, or install it" if base_dir is not None else "install it"
