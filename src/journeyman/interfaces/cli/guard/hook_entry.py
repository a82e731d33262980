"""`journeyman guard hook HOST`: the way in for hooks, which leaves folders without a guard before anything slow is loaded.

It always ends with 0 and prints one JSON object or nothing; nothing else may reach a host, which would let the agent go.
"""

from __future__ import annotations

import json
import os
import sys

from journeyman.guard.contract_lookup import GuardPlace, find_guard


def main(words: list[str], records: str) -> None:
    """Answer the stop that stands on standard input. `records` is the tenant's folder."""
    data = sys.stdin.buffer.read()
    payload = read_payload(data)
    try:
        place = find_guard(folder_of(payload), records)
    except OSError as error:
        print(f"journeyman guard: {error}", file=sys.stderr)  # noqa: T201  # there is no terminal, and no guard to be seen
        return
    if place is not None:
        _answer(words, payload, place, records)


def read_payload(data: bytes) -> dict[str, object]:
    """What a host wrote, read as JSON; nothing where it wrote something else."""
    try:
        found = json.loads(data.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return {}
    return {str(key): value for key, value in found.items()} if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]  # any JSON


def folder_of(payload: dict[str, object]) -> str:
    """The folder that the agent works in, under whatever name its host gives it."""
    roots = payload.get("workspace_roots")
    named: list[object] = [*roots] if isinstance(roots, list) else []
    for found in (*named[:1], payload.get("cwd"), payload.get("directory")):
        if isinstance(found, str) and found and os.path.isdir(found):  # noqa: PTH112  # pathlib is slow to load
            return found
    return os.getcwd()  # noqa: PTH109


def _answer(words: list[str], payload: dict[str, object], place: GuardPlace, records: str) -> None:
    from journeyman.agents import HOSTS  # noqa: PLC0415  # only where a guard is

    host = HOSTS.get(words[0] if words else "")
    if host is None:
        known = ", ".join(HOSTS)
        print(f"journeyman guard: no host is called {' '.join(words)!r}; there are {known}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
    request = host.read(payload)
    try:
        from journeyman.interfaces.cli.guard.hook_process import answer  # noqa: PLC0415  # as above

        given = answer(host, request, place, records)
    except Exception as error:  # noqa: BLE001  # whatever it is: a hook that ends in a traceback lets the agent go
        from journeyman.agents import StopAnswer  # noqa: PLC0415  # as above

        said = f"journeyman guard failed: {type(error).__name__}: {error}"[:500]
        given = StopAnswer(block=not request.continued, reason=said, message="" if not request.continued else said)
    shown = host.render(given)
    if given.message:
        print(given.message, file=sys.stderr)  # noqa: T201  # for hosts that show no message of hooks
    if shown is not None:
        sys.stdout.write(json.dumps(shown))
        sys.stdout.flush()
