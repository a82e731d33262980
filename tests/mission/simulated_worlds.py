"""Forty small worlds that a planner without a model should master: each has one difficulty that users meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.mission.simulation import Reply, SimTool, failed

INT: dict[str, Any] = {"type": "integer"}
TEXT: dict[str, Any] = {"type": "string"}


@dataclass
class World:
    """Tools and what they must bring about."""

    name: str
    tools: dict[str, SimTool]
    criteria: list[dict[str, Any]]
    directive: str = "Bring the criteria about."


def metric(name: str, op: str, target: float, **more: Any) -> dict[str, Any]:
    """A threshold criterion."""
    return {"id": f"c_{name}", "kind": "metric_threshold", "metric": name, "op": op, "target": target, **more}


def called(tool: str, count: int = 1) -> dict[str, Any]:
    """A criterion on successful calls."""
    return {"id": f"did_{tool}", "kind": "tool_call_succeeded", "tool": tool, "min_count": count}


def _choice(right: str, values: list[str], effect: str = "pure") -> SimTool:
    def call(args: dict[str, Any]) -> Reply:
        return Reply(metrics={"good": int(args["mode"] == right)})

    return SimTool(call, {"mode": {"type": "string", "enum": values}}, effect=effect)


def _needs(key: str, value: object, metric_name: str = "done") -> Callable[[dict[str, Any]], Reply]:
    def call(args: dict[str, Any]) -> Reply:
        if args.get(key) == value:
            return Reply(value={"ok": True}, metrics={metric_name: 1})
        return failed(f"no {key} {args.get(key)!r}")

    return call


def _gives(value: Any) -> SimTool:
    return SimTool(lambda _: Reply(value=value))


def _curve(score: Callable[[float], float], low: float, high: float, kind: str = "integer") -> SimTool:
    def call(args: dict[str, Any]) -> Reply:
        return Reply(metrics={"score": score(args["x"])})

    return SimTool(call, {"x": {"type": kind, "minimum": low, "maximum": high}})


def worlds() -> list[World]:
    """Fresh worlds."""
    return [*_arguments(), *_observed(), *_numbers(), *_many_tools(), *_sequences(), *_troubles(), *_shapes()]


def _arguments() -> list[World]:
    modes = ["slow", "normal", "fast", "turbo", "eco"]
    flag = SimTool(lambda a: Reply(metrics={"clean": int(a["force"])}), {"force": {"type": "boolean"}})
    both = SimTool(
        lambda a: Reply(metrics={"hit": int(a["mode"] == "fast" and a["level"] == 3)}),
        {"mode": {"type": "string", "enum": modes}, "level": {"type": "integer", "enum": [1, 2, 3, 4]}},
    )
    optional = SimTool(
        lambda a: Reply(metrics={"hit": int(a.get("deep") is True)}),
        {"path": {**TEXT, "default": "/"}, "deep": {"type": "boolean"}},
        required=["path"],
    )
    const = SimTool(_needs("version", "v2"), {"version": {"const": "v2"}})
    example = SimTool(_needs("zone", "eu-1"), {"zone": {**TEXT, "examples": ["eu-1"]}})
    quoted = SimTool(_needs("branch", "release/7"), {"branch": TEXT})
    numbered = SimTool(_needs("port", 8443), {"port": {**INT, "minimum": 1}})
    return [
        World("enum value", {"set_mode": _choice("turbo", modes)}, [metric("good", ">=", 1)]),
        World("boolean flag", {"clean": flag}, [metric("clean", ">=", 1)]),
        World("two enums at once", {"tune": both}, [metric("hit", ">=", 1)]),
        World("optional argument", {"scan": optional}, [metric("hit", ">=", 1)]),
        World("constant", {"use": const}, [metric("done", ">=", 1)]),
        World("example value", {"open_zone": example}, [metric("done", ">=", 1)]),
        World(
            "value quoted in the directive",
            {"deploy": quoted},
            [metric("done", ">=", 1)],
            "Deploy the branch 'release/7' now.",
        ),
        World(
            "number in the directive",
            {"probe_port": numbered},
            [metric("done", ">=", 1)],
            "Find out whether port 8443 answers.",
        ),
    ]


def _observed() -> list[World]:
    deep = {"items": [{"service": {"service_id": f"svc-{n}"}, "load": n} for n in range(6)]}
    chain_b = SimTool(
        lambda a: Reply(value={"token": "t-9"}) if a["user"] == "ann" else failed("unknown user"), {"user": TEXT}
    )
    typed = SimTool(_needs("job", 42), {"job": INT})
    hinting = SimTool(
        lambda a: (
            Reply(metrics={"done": 1}) if a["region"] == "north" else failed("region must be one of 'north', 'south'")
        ),
        {"region": TEXT},
    )
    patterned = SimTool(_needs("sha", "ab12cd34"), {"sha": {**TEXT, "pattern": "^[0-9a-f]{8}$"}})
    lists = SimTool(
        lambda a: Reply(metrics={"n": len(a["ids"])}) if "x2" in a["ids"] else failed("x2 is needed"),
        {"ids": {"type": "array", "items": TEXT, "minItems": 1}},
    )
    return [
        World(
            "value from an earlier observation",
            {
                "list_branches": _gives({"branches": ["main", "dev"]}),
                "merge": SimTool(_needs("branch", "dev"), {"branch": TEXT}),
            },
            [metric("done", ">=", 1)],
        ),
        World(
            "nested value",
            {"inventory": _gives(deep), "restart": SimTool(_needs("service_id", "svc-4"), {"service_id": TEXT})},
            [metric("done", ">=", 1)],
        ),
        World(
            "chain of three",
            {
                "who": _gives({"users": ["bob", "ann"]}),
                "login": chain_b,
                "enter": SimTool(_needs("token", "t-9"), {"token": TEXT}),
            },
            [metric("done", ">=", 1)],
        ),
        World(
            "value of the right type",
            {"jobs": _gives({"job": [7, 42], "name": "x"}), "stop": typed},
            [metric("done", ">=", 1)],
        ),
        World("hint in the error", {"move": hinting}, [metric("done", ">=", 1)]),
        World(
            "value that fits a pattern",
            {"log": _gives({"lines": ["ab12cd34", "zz", "not a sha"]}), "show": patterned},
            [metric("done", ">=", 1)],
        ),
        World("list argument", {"ids": _gives({"ids": ["x1", "x2", "x3"]}), "tag": lists}, [metric("n", ">=", 1)]),
    ]


def _numbers() -> list[World]:
    two = SimTool(
        lambda a: Reply(metrics={"cost": (a["x"] - 6) ** 2 + (a["y"] - 3) ** 2}),
        {"x": {**INT, "minimum": 0, "maximum": 10}, "y": {**INT, "minimum": 0, "maximum": 10}},
    )
    free = SimTool(lambda a: Reply(metrics={"err": abs(a["n"] - 37)}), {"n": INT})
    return [
        World("sweep over a range", {"tune": _curve(lambda x: -abs(x - 11), 0, 32)}, [metric("score", ">=", -1)]),
        World("small range, one hit", {"dial": _curve(lambda x: float(x == 7), 0, 12)}, [metric("score", ">=", 1)]),
        World(
            "large range, smooth", {"tune": _curve(lambda x: -abs(x - 611) / 10, 0, 1000)}, [metric("score", ">=", -3)]
        ),
        World("fractions", {"tune": _curve(lambda x: -abs(x - 0.3), 0, 1, "number")}, [metric("score", ">=", -0.02)]),
        World("two numbers", {"tune": two}, [metric("cost", "<=", 1)]),
        World("no bounds", {"guess": free}, [metric("err", "<=", 2)]),
    ]


def _many_tools() -> list[World]:
    def ten(right: int) -> dict[str, SimTool]:
        return {f"tool_{n}": SimTool(lambda _, n=n: Reply(metrics={"hit": int(n == right)})) for n in range(10)}

    named = {f"aa_{n}": _gives({"x": n}) for n in range(9)} | {
        "read_latency": SimTool(lambda _: Reply(metrics={"latency": 5}))
    }
    described = {f"t{n}": _gives({"x": n}) for n in range(9)} | {
        "zz": SimTool(lambda _: Reply(metrics={"backlog": 0}), description="Drain the backlog of the queue.")
    }
    danger = {
        "a_delete_all": SimTool(lambda _: Reply(metrics={"lost": 1}), effect="unsafe"),
        "b_look": SimTool(lambda _: Reply(metrics={"seen": 1})),
    }
    return [
        World("the right one of ten tools", ten(7), [{**metric("hit", ">=", 1), "from": "*"}]),
        World("the last of ten tools", ten(9), [{**metric("hit", ">=", 1), "from": "*"}]),
        World("a tool named after the metric", named, [metric("latency", "<=", 10)]),
        World("a tool described by the metric", described, [metric("backlog", "<=", 0)]),
        World(
            "pure tools first",
            danger,
            [metric("seen", ">=", 1), {**metric("lost", ">=", 1), "abort_when_met": True, "required": False}],
        ),
        World("named in a criterion", {f"op_{n}": _gives({"x": n}) for n in range(8)}, [called("op_6")]),
    ]


def _sequences() -> list[World]:
    state = {"built": False, "n": 0, "polls": 0, "up": 0, "steps": 0}

    def build(_: dict[str, Any]) -> Reply:
        state["built"] = True
        return Reply(value={"ok": True})

    def ship(_: dict[str, Any]) -> Reply:
        return Reply(metrics={"shipped": 1}) if state["built"] else failed("build first")

    def count(_: dict[str, Any]) -> Reply:
        state["n"] += 1
        return Reply(metrics={"n": state["n"]})

    def poll(_: dict[str, Any]) -> Reply:
        state["polls"] += 1
        return Reply(
            value={"state": "done" if state["polls"] > 4 else "running"}, metrics={"ready": int(state["polls"] > 4)}
        )

    def climb(a: dict[str, Any]) -> Reply:
        state["up"] = max(0, state["up"] + (1 if a["way"] == "up" else -1))
        return Reply(metrics={"height": state["up"]})

    def step(_: dict[str, Any]) -> Reply:
        state["steps"] += 1
        return Reply(value={"ok": True})

    def look(_: dict[str, Any]) -> Reply:
        return Reply(metrics={"steps": state["steps"]})

    return [
        World(
            "two tools in order",
            {"a_ship": SimTool(ship, effect="unsafe"), "b_build": SimTool(build, effect="unsafe")},
            [metric("shipped", ">=", 1)],
        ),
        World(
            "repeat what helps",
            {"count": SimTool(count, effect="unsafe"), "idle": _gives({"x": 1})},
            [metric("n", ">=", 8)],
        ),
        World("poll until it is done", {"status": SimTool(poll)}, [metric("ready", ">=", 1)]),
        World(
            "the right direction",
            {"climb": SimTool(climb, {"way": {"type": "string", "enum": ["down", "up"]}}, effect="keyed")},
            [metric("height", ">=", 5)],
        ),
        World(
            "act, then measure with a probe",
            {"step": SimTool(step, effect="keyed"), "look": SimTool(look)},
            [metric("steps", ">=", 4, probe={"tool": "look"})],
        ),
        World(
            "two criteria, two tools",
            {"one": SimTool(lambda _: Reply(metrics={"a": 1})), "two": SimTool(lambda _: Reply(metrics={"b": 1}))},
            [metric("a", ">=", 1), metric("b", ">=", 1)],
        ),
    ]


def _troubles() -> list[World]:
    tries = {"flaky": 0, "late": 0}

    def flaky(_: dict[str, Any]) -> Reply:
        tries["flaky"] += 1
        return Reply(metrics={"ok": 1}) if tries["flaky"] % 4 == 0 else failed("connection reset", "server_died")

    def late(_: dict[str, Any]) -> Reply:
        tries["late"] += 1
        return Reply(metrics={"ok": 1}) if tries["late"] > 2 else failed("not yet")

    broken = {"a_broken": SimTool(lambda _: failed("boom")), "b_works": SimTool(lambda _: Reply(metrics={"ok": 1}))}
    return [
        World("flaky tool", {"flaky": SimTool(flaky)}, [metric("ok", ">=", 1)]),
        World(
            "a tool that is not ready yet", {"late": SimTool(late), "other": _gives({"x": 1})}, [metric("ok", ">=", 1)]
        ),
        World("a broken tool beside a good one", broken, [metric("ok", ">=", 1)]),
    ]


def _shapes() -> list[World]:
    nested = SimTool(
        lambda a: Reply(metrics={"ok": int(a["spec"]["replicas"] == 3)}),
        {
            "spec": {
                "type": "object",
                "properties": {"name": TEXT, "replicas": {"type": "integer", "enum": [1, 2, 3]}},
                "required": ["name", "replicas"],
            }
        },
    )
    referred = SimTool(_needs("point", {"x": 1, "y": 0}), {"point": {"$ref": "#/$defs/P"}})
    referred.definitions = {
        "P": {
            "type": "object",
            "properties": {"x": {"type": "integer", "enum": [0, 1]}, "y": {"type": "integer", "enum": [0, 1]}},
            "required": ["x", "y"],
        }
    }
    nullable = SimTool(
        _needs("level", 2), {"level": {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 5}, {"type": "null"}]}}
    )
    held = SimTool(lambda _: Reply(metrics={"temp": 20}))
    return [
        World("required nested arguments", {"apply": nested}, [metric("ok", ">=", 1)]),
        World("a schema by reference", {"go": referred}, [metric("done", ">=", 1)]),
        World("a nullable argument", {"set_level": nullable}, [metric("done", ">=", 1)]),
        World("hold for three evaluations", {"read": held}, [metric("temp", "<=", 25, hold_for=3)]),
    ]
