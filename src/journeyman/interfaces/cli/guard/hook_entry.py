"""`journeyman guard hook HOST`: the way in for hooks, which leaves folders without a guard before anything slow is loaded.

It always ends with 0 and prints one JSON object or nothing; nothing else may reach a host, which would let the agent go.
"""

from __future__ import annotations

import json
import os
import sys

from journeyman.guard.contract_lookup import GuardPlace, find_guard

_PROJECT_VARIABLES = ("CLAUDE_PROJECT_DIR", "GEMINI_PROJECT_DIR", "CURSOR_PROJECT_DIR")
"""In these, hosts tell their hooks the folder of the project."""


def main(words: list[str], records: str) -> None:
    """Answer the stop that stands on standard input. `records` is the tenant's folder."""
    data = sys.stdin.buffer.read()
    payload = read_payload(data)
    try:
        place = _place(payload, records)
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


def _place(payload: dict[str, object], records: str) -> GuardPlace | None:
    """The guard that somebody confirmed, wherever the host names it; else the first one that nobody has confirmed.

    An agent that ends in another folder, or in one that it deleted, is still the agent of its project, and no contract that
    it writes there comes before the project's.
    """
    unconfirmed: GuardPlace | None = None
    for folder in folders_of(payload):
        found = find_guard(folder, records)
        if found is not None and found.is_pinned:
            return found
        unconfirmed = unconfirmed or found
    return unconfirmed


def folders_of(payload: dict[str, object]) -> list[str]:
    """Where the agent may be at work, under whatever name its host says it, each folder once."""
    roots = payload.get("workspace_roots")
    named: list[object] = [payload.get("cwd"), payload.get("directory"), *(roots if isinstance(roots, list) else [])]
    named += [os.environ.get(name) for name in _PROJECT_VARIABLES]
    try:  # noqa: SIM105  # contextlib is slow to load
        named.append(os.getcwd())  # noqa: PTH109  # pathlib is slow to load
    except OSError:  # deleted since the host started us there
        pass
    return list(dict.fromkeys(one for one in named if isinstance(one, str) and os.path.isabs(one)))  # noqa: PTH117


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

        # Nothing could be kept, so only a host that says which stops follow a block is held once; others would be for ever.
        said = f"journeyman guard could not check the work: {error} ({type(error).__name__})"[:500]
        held = request.tells_continued and not request.continued
        message = "" if held else f"journeyman guard: RELEASED, outcome unknown: {said}"
        given = StopAnswer(block=held, reason=said if held else "", message=message)
    shown = host.render(given)
    if given.message:
        print(given.message, file=sys.stderr)  # noqa: T201  # for hosts that show no message of hooks
    if shown is not None:
        sys.stdout.write(json.dumps(shown))
        sys.stdout.flush()
