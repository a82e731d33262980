"""Run a function nobody vouches for so that whatever it does ends with its own call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic_core import PydanticSerializationError, to_jsonable_python

from journeyman.concurrency.abandonable_tasks import cancel_or_abandon, start_detached
from journeyman.tools.base import Result
from journeyman.tools.results import failed_result
from journeyman.tools.send_state import SendState

Value = TypeVar("Value")

CANCELLED_ITSELF: Final = (
    "CancelledError: the function cancelled itself, or let a cancellation out that nobody asked for"
)


@dataclass(frozen=True, slots=True)
class ReturnValue:
    """What a function returned, as plain Python values."""

    value: object


class EscapedException(Exception):
    """A function raised what ends programs or cancels tasks. It was not meant for us, so it fails that call alone."""


def call_guarded(function: Callable[..., object], given: Mapping[str, object]) -> object:
    """Call a function; raise `EscapedException` for what is no `Exception`. No real interrupt arrives in a thread of ours."""
    try:
        return function(**given)
    except Exception:
        raise
    except BaseException as error:  # noqa: BLE001 - what is neither caught above nor by any caller
        raise EscapedException(describe_error(error)) from None


async def run_contained(work: Awaitable[Value], sending: SendState) -> Value:
    """What a coroutine gives, run in a task of its own; raises `EscapedException` where it cancels or ends more than itself.

    Cancelling the caller cancels the coroutine. One that does not stop then is left behind, and `sending.running` says so.
    """
    task = start_detached(run_in_new_loop(lambda: work))
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        if not await cancel_or_abandon(task):
            sending.running = "its coroutine does not stop when it is cancelled and was left running"
        raise
    if task.cancelled():
        raise EscapedException(CANCELLED_ITSELF)
    return task.result()


async def run_in_new_loop(make: Callable[[], Awaitable[Value]]) -> Value:
    """What the coroutine gives that `make` makes; what would end the whole loop is `EscapedException`."""
    try:
        return await make()
    except (Exception, asyncio.CancelledError, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 - asyncio would end the whole loop with it
        raise EscapedException(describe_error(error)) from None


def plain_value(value: object) -> ReturnValue | Result:
    """What a function returned as plain values, models by their aliases; a failed result where that cannot be."""
    try:
        return ReturnValue(to_jsonable_python(value, by_alias=True))
    except (PydanticSerializationError, ValueError, RecursionError) as error:
        return failed_result("not_json", f"the function returned a {type(value).__name__} that is not JSON: {error}")


def describe_error(error: BaseException) -> str:
    """An error's class and text; showing it runs its own code, which may raise."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception as fault:  # noqa: BLE001 - showing an error runs its own code
        return f"{type(error).__name__}, which cannot be shown ({type(fault).__name__})"
