"""The rules made into machine code by numba, or as they stand where it is not installed or not wanted.

Both are the same functions. Compiled, they read structured arrays in place; plain, on objects made of the rows, which
is some fifty times slower for a batch. Nothing is reassociated or contracted, so both give the same bits.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from types import FunctionType, ModuleType
from typing import Any, Final, NamedTuple, cast

import numpy as np

from journeyman.gym.arrays import Records
from journeyman.gym.records import loaded, stored
from journeyman.gym.rules import (
    apply_actions,
    draw,
    dynamics,
    features,
    fleet,
    logs,
    looks,
    loops,
    rng,
    score,
    single_world,
    topology,
    visible,
)

_MODULES: Final = (
    rng,
    topology,
    fleet,
    draw,
    looks,
    apply_actions,
    dynamics,
    score,
    visible,
    features,
    logs,
    single_world,
    loops,
)


class Kernels(NamedTuple):
    """The functions of `rules/loops.py`, to be called with arrays."""

    draw_worlds: Callable[..., None]
    step_worlds: Callable[..., None]
    step_and_see_worlds: Callable[..., None]
    show_worlds: Callable[..., None]
    role_features_of: Callable[..., None]
    team_features_of: Callable[..., None]
    log_lines_of: Callable[..., None]
    judge_worlds: Callable[..., None]
    rehearse_plans: Callable[..., None]


@cache
def can_compile() -> bool:
    """Whether numba is installed."""
    return find_spec("numba") is not None


@cache
def kernels(*, compiled: bool) -> Kernels:
    """The kernels in one of the two forms.

    Raises:
        ModuleNotFoundError: `compiled` are wanted and numba is not installed.
    """
    make = _compiled_rules() if compiled else _plain_rules()
    return Kernels(*(make[name] for name in Kernels._fields))


def _plain_rules() -> dict[str, Callable[..., None]]:
    return {name: _on_objects(getattr(loops, name)) for name in Kernels._fields}


def _on_objects(rule: Callable[..., None]) -> Callable[..., None]:
    """The rule called with lists in place of arrays, and the arrays written afterwards."""

    def run(*arguments: Any) -> None:
        values = [_opened(one) for one in arguments]
        rule(*values)
        for array, value in zip(arguments, values, strict=True):
            if isinstance(array, np.ndarray):
                _close(cast("Records", array), value)

    return run


def _opened(argument: Any) -> Any:
    if not isinstance(argument, np.ndarray):
        return argument
    array = cast("Records", argument)
    return loaded(array) if array.dtype.names else array.tolist()


def _close(array: Records, value: Any) -> None:
    if array.dtype.names:
        stored(value, array)
    else:
        array[...] = value


def _compiled_rules() -> dict[str, Callable[..., None]]:
    numba: Any = importlib.import_module("numba")
    made: dict[tuple[str, str], Any] = {}
    spaces: list[dict[str, Any]] = []
    for module in _MODULES:
        # A module's own functions call each other by its globals: in a copy of them the compiled ones stand.
        space = dict(vars(module))
        spaces.append(space)
        for rule in _rules_in(module):
            copy = FunctionType(rule.__code__, space, rule.__name__)
            copy.__module__ = module.__name__
            made[module.__name__, rule.__name__] = _jitted(numba, copy, called=module is loops)
    for space in spaces:
        for name, value in space.items():
            if isinstance(value, FunctionType) and (value.__module__, value.__name__) in made:
                space[name] = made[value.__module__, value.__name__]
    return {name: made[loops.__name__, name] for name in Kernels._fields}


def _rules_in(module: ModuleType) -> list[FunctionType]:
    found = (value for value in vars(module).values() if isinstance(value, FunctionType))
    return [value for value in found if value.__module__ == module.__name__]


def _jitted(numba: Any, rule: FunctionType, *, called: bool) -> Any:
    options = {"nogil": True, "error_model": "numpy", "_nrt": False}
    if not called:
        options |= {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    try:
        return numba.njit(cache=True, **options)(rule)
    except RuntimeError:  # there is no folder that numba may keep machine code in
        return numba.njit(**options)(rule)
