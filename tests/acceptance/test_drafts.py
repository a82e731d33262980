"""Drafts and prompts from the command line."""

from __future__ import annotations

from collections.abc import Callable

from tests.acceptance.conftest import Shell

MakeShell = Callable[[str], Shell]


def test_a_directive_becomes_a_mission_that_is_shown_before_it_is_written(shell: MakeShell) -> None:
    """The number in the directive is the target; nothing is written without a yes, nothing is started at all."""
    user = shell("")
    user.run("new")
    words = ("new", "drafted.yaml", "--from", "Get the latency at most 20 ms", "--function", "mission_tools:measure")
    (user.folder / "mission_tools.py").write_text(
        "from pathlib import Path\n\nfrom journeyman import tool\n\n\n"
        '@tool(effect="pure")\ndef measure() -> dict[str, object]:\n    """Measure the latency."""\n'
        '    return {"metrics": {"latency_ms": 12 if Path("tuned").exists() else 120}}\n'
    )
    user.run(*words, code=3)
    assert not (user.folder / "drafted.yaml").exists()
    found = user.json(*words, "--yes")
    assert found["mission"]["criteria"] == [
        {"id": "latency_ms_at_most", "kind": "metric_threshold", "metric": "latency_ms", "op": "<=", "target": 20}
    ]
    assert user.json("list") == []
    (user.folder / "tuned").touch()
    assert "holds already" in user.run(*words[:1], "again.yaml", *words[2:], "--yes", code=2).stderr
    assert "achieved" in user.run("run", "drafted.yaml").stdout


def test_the_next_prompt_is_printed_and_the_same_every_time(shell: MakeShell) -> None:
    """What would leave the machine can be read before it does."""
    user = shell("")
    user.run("new")
    user.run("run", "mission.yaml")
    first, second = user.run("prompt", "last").stdout, user.run("prompt", "last").stdout
    assert first == second
    assert "=== Mission directive ===" in first
    assert user.json("prompt", "last")["bytes"] <= 32_768
