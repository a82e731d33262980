"""Worlds whose calls can be counted: all are different, some are refused, one or none is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from benchmarks.planner.world import TEXT, Family, World, choice, number, scored, threshold
from tests.mission.simulation import Reply, SimTool, failed

HIT: Final = threshold("hit", ">=", 1)
ZONES: Final = ("a", "b", "c", "d")
SIZES: Final = ("xs", "s", "m", "l", "xl")


def _single(name: str, properties: dict[str, Any], right: Callable[[dict[str, Any]], bool], **more: Any) -> World:
    """One tool whose metric is 1 where its arguments are right."""
    required = more.pop("required", None)
    effect = more.pop("effect", "pure")
    return World(
        name=name,
        family=more.pop("family", Family.FINITE),
        tools=lambda _: {"attempt": SimTool(scored(lambda a: float(right(a))), properties, required, effect=effect)},
        criteria=[HIT],
        distinct=True,
        **more,
    )


def finite() -> list[World]:
    """Ten worlds that can be gone through."""
    graded = {"mode": choice(*"abcdefgh"), "level": choice(*range(8))}
    return [
        _single("one of nine", {"mode": choice(*range(9))}, lambda a: a["mode"] == 8),
        _single("two by five", {"zone": choice(*ZONES), "size": choice(*SIZES)}, lambda a: (a["zone"], a["size"]) == ("d", "xl")),
        _single("three flags and a choice", {**{key: {"type": "boolean"} for key in "fgh"}, "size": choice(*SIZES)},
                lambda a: (a["f"], a["g"], a["h"], a["size"]) == (False, False, False, "l")),
        _single("a small range", {"dial": number(0, 20)}, lambda a: a["dial"] == 17),
        _single("a range and a flag", {"dial": number(1, 12), "deep": {"type": "boolean"}}, lambda a: a["dial"] == 11 and not a["deep"]),
        _single("what may be left out", {"mode": choice("x", "y"), "extra": choice(1, 2, 3)},
                lambda a: a["mode"] == "y" and a.get("extra") == 3, required=["mode"]),
        _single("a default that is wrong", {"size": choice(*SIZES, default="m"), "zone": choice(*ZONES, default="a")},
                lambda a: a.get("size") == "xs" and a.get("zone") == "c", required=[]),
        _single("sixty by setting", {"zone": choice(*ZONES), "size": choice(*SIZES), "tier": choice(1, 2, 3)},
                lambda a: (a["zone"], a["size"], a["tier"]) == ("c", "l", 3), effect="keyed", iterations=80),
        World(name="a slope to follow", family=Family.FINITE, criteria=[threshold("miss", "<=", 0)], distinct=True,
              tools=lambda _: {"attempt": SimTool(scored(lambda a: abs("abcdefgh".index(a["mode"]) - 5) + abs(a["level"] - 6), "miss"), graded)}),
        World(name="the right one of seven tools", family=Family.FINITE, criteria=[{**HIT, "from": "*"}], distinct=True, tools=_seven),
    ]  # fmt: skip


def _seven(_: int) -> dict[str, SimTool]:
    def attempt(key: int) -> SimTool:
        return SimTool(scored(lambda a: float(key == 5 and a["mode"] == "z")), {"mode": choice("x", "y", "z")})

    return {f"tool_{key}": attempt(key) for key in range(7)}


def _refusing(
    bad: Callable[[dict[str, Any]], str], right: Callable[[dict[str, Any]], bool]
) -> Callable[[dict[str, Any]], Reply]:
    def call(args: dict[str, Any]) -> Reply:
        why = bad(args)
        return failed(why) if why else Reply(metrics={"hit": float(right(args))})

    return call


def invalid() -> list[World]:
    """Six worlds in which some combinations are refused."""

    def world(
        name: str,
        properties: dict[str, Any],
        bad: Callable[[dict[str, Any]], str],
        right: Callable[[dict[str, Any]], bool],
        effect: str,
    ) -> World:
        return World(
            name=name, family=Family.INVALID, criteria=[HIT], distinct=True,
            tools=lambda _: {"place": SimTool(_refusing(bad, right), properties, effect=effect)},
        )  # fmt: skip

    place = {"zone": choice(*ZONES), "size": choice(*SIZES)}
    range_of = {"low": number(0, 5), "high": number(0, 5)}
    return [
        world("no large ones in a and b", place, lambda a: "not in this zone" if a["zone"] in "ab" and a["size"] in ("l", "xl") else "",
              lambda a: (a["zone"], a["size"]) == ("c", "xl"), "pure"),
        world("low above high", range_of, lambda a: "low must be below high" if a["low"] >= a["high"] else "",
              lambda a: (a["low"], a["high"]) == (3, 5), "pure"),
        world("only one zone has room", place, lambda a: f"zone {a['zone']} is full" if a["zone"] != "d" else "",
              lambda a: a["size"] == "m", "keyed"),
        world("refused in different words", place, lambda a: f"{a['size']} is sold out in {a['zone']}" if a["size"] != "l" else "",
              lambda a: a["zone"] == "d", "unsafe"),
        World(name="a broken tool beside a good one", family=Family.INVALID, criteria=[{**HIT, "from": "*"}], distinct=True,
              tools=lambda _: {"a_broken": SimTool(lambda _: failed("out of order"), {"mode": choice(1, 2, 3)}),
                               "b_good": SimTool(scored(lambda a: float(a["mode"] == 3)), {"mode": choice(1, 2, 3)})}),
        World(name="first one tool, then the other", family=Family.INVALID, criteria=[HIT], tools=_in_order),
    ]  # fmt: skip


def _in_order(_: int) -> dict[str, SimTool]:
    built: list[str] = []

    def build(args: dict[str, Any]) -> Reply:
        built.append(args["kind"])
        return Reply(value={"built": args["kind"]})

    def ship(_: dict[str, Any]) -> Reply:
        return Reply(metrics={"hit": 1}) if "wheel" in built else failed("there is no wheel")

    return {
        "a_ship": SimTool(ship, effect="unsafe"),
        "b_build": SimTool(build, {"kind": choice("door", "wheel")}, effect="unsafe"),
    }


def unreachable() -> list[World]:
    """Ten worlds in which nothing helps: whoever plays them should say so before the budget is used up."""

    def world(
        name: str, tools: Callable[[int], dict[str, SimTool]], criteria: dict[str, Any] = HIT, **more: Any
    ) -> World:
        return World(name=name, family=Family.UNREACHABLE, tools=tools, criteria=[criteria], reachable=False, **more)

    def never(properties: dict[str, Any], effect: str = "pure") -> Callable[[int], dict[str, SimTool]]:
        return lambda _: {"attempt": SimTool(scored(lambda _: 0.0), properties, effect=effect)}

    def bowl(_: int) -> dict[str, SimTool]:
        return {"tune": SimTool(scored(lambda a: 40 + (a["x"] - 60) ** 2 / 40, "ms"), {"x": number(0, 200)})}

    def plane(_: int) -> dict[str, SimTool]:
        def ms(args: dict[str, Any]) -> float:
            return 30 + 9 * (args["x"] - 0.3) ** 2 + 5 * (args["y"] - 0.6) ** 2

        return {"tune": SimTool(scored(ms, "ms"), {"x": number(0, 1, "number"), "y": number(0, 1, "number")})}

    def setter(_: int) -> dict[str, SimTool]:
        held = {"n": 3}

        def scale(args: dict[str, Any]) -> Reply:
            held["n"] = args["replicas"]
            return Reply(value={"replicas": held["n"]})

        return {
            "scale": SimTool(scale, {"replicas": number(1, 12)}, effect="keyed"),
            "look": SimTool(lambda _: Reply(value=dict(held), metrics={"ms": 200 / held["n"] + 20 * held["n"]})),
        }

    send = SimTool(lambda _: Reply(metrics={"hit": 1}), {"recipient": TEXT}, effect="unsafe")
    return [
        world("no combination is right", never({"zone": choice(*ZONES), "size": choice(*SIZES)}), distinct=True),
        world("no setting is right", never({"mode": choice(*range(12))}, "keyed"), distinct=True),
        world("no number is right", never({"dial": number(0, 15)}), distinct=True),
        world("a bowl that is too high", bowl, threshold("ms", "<=", 20), iterations=150, distinct=True),
        world("a bowl of two that is too high", plane, threshold("ms", "<=", 25), iterations=150, distinct=True),
        world("every call fails", lambda _: {"attempt": SimTool(lambda _: failed("permission denied"), {"mode": choice(1, 2, 3, 4)})}, distinct=True),
        world("only a text that nobody wrote would do", lambda _: {"send": send}),
        world("a service that cannot be fast enough", setter, threshold("ms", "<=", 50, probe={"tool": "look"})),
        world("nothing measures it", lambda _: {f"tool_{key}": SimTool(lambda _: Reply(value={"ok": True})) for key in range(4)}),
        world("a look that never changes", lambda _: {"look": SimTool(lambda _: Reply(metrics={"hit": 0}))}),
    ]  # fmt: skip
