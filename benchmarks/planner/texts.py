"""Worlds whose tools take texts that no schema lists, and worlds that live: they are noisy, hold, or run at a setting already."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

from benchmarks.planner.world import TEXT, Family, World, choice, number, threshold
from journeyman.mission.values.canonical import Json
from tests.mission.simulation import Reply, SimTool, failed

DONE: Final = threshold("done", ">=", 1)


def _needs(**wanted: object) -> Callable[[dict[str, Any]], Reply]:
    """Works with these arguments and with no others."""

    def call(args: dict[str, Any]) -> Reply:
        for key, value in wanted.items():
            if args.get(key) != value:
                return failed(f"no such {key}: {args.get(key)!r}")
        return Reply(value={"ok": True}, metrics={"done": 1})

    return call


def _world(
    name: str, tools: Callable[[int], dict[str, SimTool]], directive: str = "Bring it about.", **more: Any
) -> World:
    return World(name=name, family=Family.TEXTS, tools=tools, criteria=[DONE], directive=directive, **more)


def _one(effect: str, /, **wanted: object) -> Callable[[int], dict[str, SimTool]]:
    kinds: dict[type, dict[str, Any]] = {str: TEXT, int: {"type": "integer"}}
    return lambda _: {
        "act": SimTool(_needs(**wanted), {key: kinds[type(value)] for key, value in wanted.items()}, effect=effect)
    }


def _chain(_: int) -> dict[str, SimTool]:
    return {
        "list_tickets": SimTool(lambda _: Reply(value={"tickets": [{"ticket_id": f"T-{n}", "state": "open" if n == 7 else "shut"} for n in range(4, 9)]})),
        "close_ticket": SimTool(_needs(ticket_id="T-7"), {"ticket_id": TEXT}, effect="unsafe"),
    }  # fmt: skip


def _files(_: int) -> dict[str, SimTool]:
    def read(args: dict[str, Any]) -> Reply:
        rows: dict[str, Json] = {
            "/etc/app/main.conf": {"include": "/etc/app/limits.conf"},
            "/etc/app/limits.conf": {"limit": "max_conn"},
        }
        return Reply(value=rows[args["path"]]) if args["path"] in rows else failed("no such file")

    return {
        "read_file": SimTool(read, {"path": TEXT}),
        "raise_limit": SimTool(
            _needs(limit="max_conn", path="/etc/app/limits.conf"), {"path": TEXT, "limit": TEXT}, effect="keyed"
        ),
    }


def _without_source(_: int) -> dict[str, SimTool]:
    return {
        "post": SimTool(lambda _: Reply(metrics={"posted": 1}), {"channel": TEXT, "message": TEXT}, effect="unsafe"),
        "turn_on": SimTool(_needs(switch="s3"), {"switch": choice("s1", "s2", "s3", "s4")}, effect="keyed"),
    }


def _hinted(_: int) -> dict[str, SimTool]:
    def move(args: dict[str, Any]) -> Reply:
        if args["region"] == "north":
            return Reply(metrics={"done": 1})
        return failed("region must be one of 'north', 'south'")

    return {"move": SimTool(move, {"region": TEXT})}


def _optional(_: int) -> dict[str, SimTool]:
    properties = {"mode": choice("full", "quick"), "note": TEXT}
    return {"back_up": SimTool(_needs(mode="quick"), properties, ["mode"], effect="unsafe")}


def _inbox(_: int) -> dict[str, SimTool]:
    return {
        "whoami": SimTool(lambda _: Reply(value={"email": "ann@example.com", "note": "Good morning to all of you."})),
        "invite": SimTool(_needs(email="bob@example.com"), {"email": TEXT}, effect="unsafe"),
    }


def texts() -> list[World]:
    """Ten worlds with texts: those of the directive, of observations, or of nobody."""
    return [
        _world("a zone in the directive", _one("keyed", zone="eu-west-1"), "Open the zone eu-west-1 for customers."),
        _world("a path in the directive", _one("unsafe", path="/var/log/app/old.log"), "Remove /var/log/app/old.log, which nobody reads."),
        _world("words after their names", _one("keyed", place="cedar", amount=4711), "Book it (place: cedar) with amount 4711 today."),
        _world("a ticket that a list shows", _chain),
        _world("a path that a file names", _files, "Raise the limit; begin with /etc/app/main.conf."),
        _world("a post that nobody asked for", _without_source, distinct=True),
        _world("a region that the error names", _hinted),
        _world("a note that may be left out", _optional, distinct=True),
        _world("an address in the directive", _inbox, "Invite bob@example.com to the meeting."),
        _world("a quoted branch", _one("unsafe", branch="release 7"), "Deploy the branch 'release 7' at once."),
    ]  # fmt: skip


def _noisy(seed: int) -> dict[str, SimTool]:
    chance = random.Random(f"noisy {seed}")

    def load(args: dict[str, Any]) -> Reply:
        return Reply(metrics={"ms": 50 + 2 * abs(args["workers"] - 11) + chance.gauss(0, 1.5)})

    return {"load_test": SimTool(load, {"workers": number(1, 32, default=4)})}


def _service(_: int) -> dict[str, SimTool]:
    held = {"replicas": 9}

    def scale(args: dict[str, Any]) -> Reply:
        held["replicas"] = args["replicas"]
        return (
            Reply(value={"ok": True})
            if args["replicas"] > 1
            else failed("one replica cannot bear the load", "tool_error")
        )

    return {
        "scale": SimTool(scale, {"replicas": number(1, 40)}, effect="keyed"),
        "look": SimTool(lambda _: Reply(value=dict(held), metrics={"ms": 3000 / held["replicas"]})),
    }


def _ready(_: int) -> dict[str, SimTool]:
    polls = iter([0] * 5)
    return {"status": SimTool(lambda _: Reply(metrics={"done": next(polls, 1)}))}


def _counting(_: int) -> dict[str, SimTool]:
    count = {"steps": 0}

    def step(_: dict[str, Any]) -> Reply:
        count["steps"] += 1
        return Reply(value=dict(count))

    return {"step": SimTool(step, effect="keyed"), "look": SimTool(lambda _: Reply(metrics=dict(count)))}


def live() -> list[World]:
    """Four worlds that are noisy, must hold, or become ready by themselves."""
    return [
        World(name="a noisy load test that must hold", family=Family.LIVE, tools=_noisy, criteria=[threshold("ms", "<=", 52.5, hold_for=3)]),
        World(name="a service that runs", family=Family.LIVE, tools=_service, criteria=[threshold("ms", "<=", 220, probe={"tool": "look"})]),
        World(name="ready after a while", family=Family.LIVE, tools=_ready, criteria=[DONE]),
        World(name="step by step", family=Family.LIVE, tools=_counting, criteria=[threshold("steps", ">=", 8, probe={"tool": "look"})]),
    ]  # fmt: skip
