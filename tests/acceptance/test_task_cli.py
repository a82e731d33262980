"""`journeyman task` as people use it: a contract, an agent, what is told, what is kept, what is put out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Shell
from tests.acceptance.test_advisors import served

READS = "import os, pathlib, sys, time\nprompt = pathlib.Path(sys.argv[1]).read_text()\n"
NUMPY = "pathlib.Path('out.md').write_text('pandas' if 'pandas' in prompt else 'numpy')\n"
FIXES = """
if "two and three are five" in prompt:
    pathlib.Path("calc.py").write_text("def add(a, b):\\n    return a + b\\n")
else:
    pathlib.Path("tests/test_calc.py").write_text("print('passed')\\n")
print("All tests pass. The work is done.")
"""
TEST = "import sys\nsys.path.insert(0, '.')\nfrom calc import add\n\nassert add(2, 3) == 5, 'two and three are five'\n"
SPENDS = "pathlib.Path(os.environ['PAID']).open('a').write('paid\\n')\n"


def with_agent(shell: Callable[[str], Shell], code: str, more: str = "") -> Shell:
    """A shell whose only agent runs this code on its prompt."""
    user = shell("")
    (user.folder.parent / "worker.py").write_text(READS + code)
    command = [sys.executable, "-B", str(user.folder.parent / "worker.py"), "{prompt_file}"]
    file = user.folder.parent / "config.toml"
    table = (
        f'[agents.mine]\ndriver = "command"\ncommand = {json.dumps(command)}\nenvironment = ["PAID"]\nconfine = "off"\n'
    )
    file.write_text(table + more)
    user.environment |= {"JOURNEYMAN_CONFIG": str(file), "PAID": str(user.folder.parent / "paid.txt")}
    return user


def repository(user: Shell) -> None:
    """A repository whose test fails."""
    (user.folder / "tests").mkdir()
    (user.folder / "calc.py").write_text("def add(a, b):\n    return a - b\n")
    (user.folder / "tests" / "test_calc.py").write_text(TEST)
    subprocess.run(["git", "init", "-q"], cwd=user.folder, check=True)


def paid(user: Shell) -> int:
    """How often the agent has begun."""
    file = Path(user.environment["PAID"])
    return len(file.read_text().splitlines()) if file.exists() else 0


def test_the_second_attempt_is_told_what_failed(shell: Callable[[str], Shell]) -> None:
    """An agent that edits the test first is judged by the task's own; what it is told then makes it do the work."""
    user = with_agent(shell, FIXES)
    repository(user)
    check = f"{sys.executable} -B tests/test_calc.py"
    done = user.run("task", "Make the failing tests pass.", "--check", check, "--id", "t1")
    assert "tests/**" in done.stderr
    assert "outputs: 1 file of attempt 2" in done.stderr
    put = user.folder / "artifacts" / "make-the-failing-tests-pass"
    assert [path.name for path in put.iterdir()] == ["calc.py"]
    assert "a - b" in (user.folder / "calc.py").read_text()
    subprocess.run(done.stderr.split("take them over with: ")[1].split(), check=True)
    assert "a + b" in (user.folder / "calc.py").read_text()
    user.run("verify", "t1")
    user.run("replay", "t1")
    report = user.json("report", "t1")
    assert report["outcome"] == "achieved"
    assert [row["index"] for row in report["iterations"]] == [0, 1]
    log = user.run("logs", "t1").stdout
    assert "attempt 1" in log
    assert "The work is done." in log


def test_what_an_agent_claims_makes_nothing_achieved(shell: Callable[[str], Shell]) -> None:
    """The attempts end, the best one is put out and said not to be enough, and the exit code is 1."""
    user = with_agent(shell, "print('Done!')\npathlib.Path('notes.md').write_text('I tried')\n" + SPENDS)
    repository(user)
    found = user.run(
        "task", "Make the tests pass.", "--check", f"{sys.executable} tests/test_calc.py", "--attempts", "2", code=1
    )
    assert "which does not fulfil the contract" in found.stderr
    assert paid(user) == 2
    assert (user.folder / "artifacts" / "make-the-tests-pass" / "notes.md").read_text() == "I tried"


@pytest.mark.parametrize("shadow", ["unittest.py", "sitecustomize.py", "src/unittest/__init__.py"])
def test_nobody_passes_by_a_module_of_their_own(shell: Callable[[str], Shell], shadow: str) -> None:
    """What stands before Python's own modules, and is no part of the work, is not there for the checks."""
    code = f"file = pathlib.Path({shadow!r})\nfile.parent.mkdir(exist_ok=True, parents=True)\n"
    user = with_agent(shell, code + "file.write_text('import os\\nos._exit(0)')\n")
    (user.folder / "test_calc.py").write_text(
        "import unittest\n\nclass T(unittest.TestCase):\n    def test_it(self): self.fail()\n"
    )
    subprocess.run(["git", "init", "-q"], cwd=user.folder, check=True)
    check = f"env PYTHONPATH=src {sys.executable} -B -m unittest"
    user.run("task", "Make the tests pass.", "--check", check, "--attempts", "1", "--id", "t1", code=1)
    report = user.json("report", "t1")
    assert report["outcome"] == "not_achieved"
    assert shadow in json.dumps(report)


def test_a_task_without_a_gain_ends_before_its_attempts_do(shell: Callable[[str], Shell]) -> None:
    """Nobody pays for twenty attempts that all leave the same."""
    user = with_agent(shell, SPENDS)
    user.run("task", "Write cats.md", "--empty", "--attempts", "20", "--id", "t1", code=1)
    assert user.json("show", "t1")["reason"] == "no_progress"
    assert paid(user) < 8


def test_a_person_decides_and_is_heard(shell: Callable[[str], Shell]) -> None:
    """With nobody at the terminal it waits; a no with words is the next attempt's feedback; a yes ends it."""
    user = with_agent(shell, NUMPY + SPENDS)
    expert = ("--mentor", "expert-led", "--as", "ada", "--no-input")
    user.run("task", "Write out.md", "--empty", *expert, "--id", "t1", "--attempts", "2", code=3)
    assert paid(user) == 0
    user.run("approve", "t1")
    waits = user.run("resume", "t1", "--no-input", code=3)
    left = Path(waits.stderr.split("what attempt 1 left: ")[1].strip())
    assert (left / "out.md").read_text() == "numpy"
    assert not (user.folder / "artifacts").exists()
    user.run("deny", "t1", "--as", "ada", "-m", "use pandas")
    user.run("resume", "t1", "--no-input", code=3)
    user.run("approve", "t1")
    user.run("resume", "t1", "--no-input", code=3)
    user.run("approve", "t1", "--as", "ada")
    user.run("resume", "t1", "--no-input")
    assert (user.folder / "artifacts" / "write-out-md" / "out.md").read_text() == "pandas"
    people = [row["actor"] for row in user.json("report", "t1")["people"] if row["what"] == "ApprovalAnswered"]
    assert set(people) == {people[0], "person:ada"}
    user.run("replay", "t1")


def test_a_model_reviews_and_decides_nothing(shell: Callable[[str], Shell]) -> None:
    """Its words reach the next attempt under its name; that it says the work is good makes nothing achieved."""
    words = {"revision_rationale": "It is all done and achieved.", "confidence": 1.0}
    strategy = {"calls": [{"tool": "attempt", "args": {"feedback": "Use pandas, please."}}]}
    first = {**words, "next_strategy": {"calls": [{"tool": "attempt"}]}}
    answers = [{"text": json.dumps(first)}, {"text": json.dumps({**words, "next_strategy": strategy})}]
    closing = {"text": json.dumps({"lessons": ["Say it."], "recommended_followups": ["None."]})}
    user = with_agent(shell, NUMPY)
    with served(user.folder, [*answers, closing]) as url:
        settings = Path(user.environment["JOURNEYMAN_CONFIG"])
        table = (
            f'[advisors.review]\nkind = "openai"\nmodel = "m"\nbase_url = "{url}/v1"\nconsent = true\ncosts = false\n'
        )
        settings.write_text(settings.read_text() + table)
        (user.folder / "check.py").write_text("assert open('out.md').read() == 'pandas'\n")
        (user.folder / "src").mkdir()
        (user.folder / "check.py").rename(user.folder / "src" / "check.py")
        user.run(
            "task", "Write out.md", "--source", "src", "--check", f"{sys.executable} check.py", "--mentor",
            "model-assisted", "--id", "t1",
        )  # fmt: skip
    prompt = (user.folder.parent / "data" / "default" / "tasks" / "t1" / "attempts" / "002" / "prompt.md").read_text()
    assert "From advisor:review:\n\nUse pandas, please." in prompt
    assert "check.py" in prompt
    assert [row["source"] for row in user.json("report", "t1")["iterations"]] == ["advisor:review"] * 2


def test_a_follow_up_has_all_that_was_before(shell: Callable[[str], Shell]) -> None:
    """Recorded alone it says that nothing ran; run, it finds the inputs and outputs, and the older session stays as it is."""
    looks = "pathlib.Path('seen.txt').write_text(' '.join(sorted(str(p) for p in pathlib.Path('.').rglob('*.*') if '.git' not in p.parts)))\n"
    user = with_agent(shell, NUMPY + looks)
    (user.folder / "data.csv").write_text("a\n1\n")
    (user.folder / "more.csv").write_text("a\n2\n")
    user.run("task", "Write out.md", "--empty", "--asset", "data.csv", "--id", "t1")
    before = user.run("verify", "t1").stdout
    said = user.run("follow-up", "t1", "Use pandas, and write end.md", "--file", "end.md", "--asset", "more.csv")
    made = said.stdout.strip()
    assert "nothing has run" in said.stderr
    assert f"journeyman resume {made}" in said.stderr
    assert user.json("show", made)["iteration"] == 0
    worker = user.folder.parent / "worker.py"
    worker.write_text(worker.read_text() + "pathlib.Path('end.md').write_text('x')\n")
    user.run("resume", made)
    put = user.folder / "artifacts" / "write-out-md"
    assert (put / "seen.txt").read_text() == "inputs/data.csv inputs/more.csv out.md seen.txt"
    assert sorted(path.name for path in put.iterdir()) == ["end.md", "out.md", "seen.txt"]
    assert (put / "out.md").read_text() == "pandas"
    assert user.run("verify", "t1").stdout == before
    user.run("finish", "t1", "--output", "first")
    assert (user.folder / "first" / "out.md").read_text() == "numpy"


def test_a_follow_up_of_a_task_that_goes_on_is_a_note(shell: Callable[[str], Shell]) -> None:
    """The next attempt is told; finish ends it with what there is."""
    user = with_agent(shell, NUMPY)
    user.run(
        "task", "Write out.md", "--empty", "--mentor", "expert-led", "--no-input", "--as", "ada", "--id", "t1", code=3
    )
    assert "its next attempt is told" in user.run("follow-up", "t1", "use pandas").stderr
    assert "began with" in user.run("follow-up", "t1", "x", "--file", "y.md", code=2).stderr
    user.run("approve", "t1")
    user.run("resume", "t1", "--no-input", code=3)
    found = user.run("finish", "t1", code=1)
    assert "not_achieved" in found.stdout
    assert (user.folder / "artifacts" / "write-out-md" / "out.md").read_text() == "pandas"
    assert user.json("finish", "t1", code=1)["outcome"] == "not_achieved"


@pytest.mark.parametrize("dead", ["us", "us and the agent"])
def test_no_attempt_is_paid_twice(shell: Callable[[str], Shell], dead: str) -> None:
    """SIGKILL while the agent works: resumed, what it left is judged, and the next attempt goes on from there."""
    code = SPENDS + "pathlib.Path('out.md').write_text('half')\nif 'attempt 2' not in prompt: time.sleep(600)\n" + NUMPY
    user = with_agent(shell, code)
    check = f"{sys.executable} -c \"assert open('out.md').read() == 'numpy'\""
    process = user.start("task", "Write out.md", "--empty", "--check", check, "--id", "t1")
    place = user.folder.parent / "data" / "default" / "tasks" / "t1" / "attempts" / "001"
    deadline = time.monotonic() + 60
    while not (place / "work" / "workspace" / "out.md").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert paid(user) == 1
    if dead == "us and the agent":
        subprocess.run(["pkill", "-KILL", "-f", str(user.folder.parent / "worker.py")], check=False)
    user.run("resume", "t1")
    assert paid(user) == 2
    first = json.loads((place / "attempt.json").read_text())
    assert first["ended"] == "interrupted"
    assert (place / "judged" / "out.md").read_text() == "half"
    user.run("verify", "t1")
    user.run("replay", "t1")


WRONG: list[tuple[list[str], str]] = [
    (["Write out.md", "--asset", "gone.csv", "--empty"], "gone.csv"),
    (["Do something nice", "--empty"], "--check"),
    (["Write out.md", "--agent", "nobody", "--empty"], "no agent is named"),
    (["Write out.md", "--source", "gone"], "is no folder"),
    (["Write out.md", "--source", ".", "--empty"], "--empty"),
    (["Write out.md", "--empty", "--mentor", "hybrid"], "--mentor-advisor"),
    (["Write out.md", "--empty", "--mentor-advisor", "x"], "would not be asked"),
    (["Write out.md", "--empty", "--check", "'"], "--check"),
    (["Write out.md", "--empty", "--id", "../x"], "../x"),
    (["x" * 9000, "--empty", "--file", "a"], "--asset"),
    (["Write out.md", "--empty", "--output", "/"], "holds other things"),
    (["Write out.md", "--empty", "--output", "."], "such as artifacts"),
    (["Write out.md", "--empty", "--output", "/dev/null"], "is no folder"),
    (["Write out.md", "--empty", "--file", "/etc/passwd"], "could make"),
    (["Write out.md", "--empty", "--file", "../x"], "'../x'"),
    (["Write out.md", "--empty", "--file", ".git/config"], "'.git/config'"),
    (["Write out.md", "--empty", "--file", "inputs/x"], "'inputs/x'"),
    (["Write out.md", "--empty", "--asset", "/dev/zero"], "a device"),
    (["Write out.md", "--empty", "--asset", "/"], "lies in /"),
    (["Write out.md", "--empty", "--check", "nosuchprogram x"], "no program 'nosuchprogram'"),
    (["Write out.md", "--empty", "--protect", "../**"], "'../**' is not below"),
    (["Write out.md", "--empty", "--protect", "["], "no meaning for '['"),
    (["Write out.md", "--empty", "--protect", ""], "'' is not below"),
    (["Write out.md", "--empty", "--mount", ".git"], "'.git' is not below"),
    (["Write out.md", "--empty", "--mount", "../.."], "'../..' is not below"),
    (["Write out.md", "--empty", "--mount", "/etc", "--file", "/x"], "could make"),
    (["--from", "/dev/null", "--empty"], "is no file"),
    (["Write out.md", "--empty", "--id", ""], "session id"),
]


@pytest.mark.parametrize(("words", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_cannot_be_done_is_said_before_anything_runs(
    shell: Callable[[str], Shell], words: list[str], said: str
) -> None:
    """One clear error, and no session."""
    user = with_agent(shell, SPENDS)
    assert said in user.run("task", *words, code=2).stderr
    assert paid(user) == 0
    assert user.json("list") == []


def test_the_data_folder_is_no_part_of_the_work(shell: Callable[[str], Shell]) -> None:
    """Copies of the source would hold the records."""
    user = with_agent(shell, NUMPY)
    user.environment["JOURNEYMAN_DATA_DIR"] = str(user.folder / "data")
    assert "data_in_source" in user.run("task", "Write out.md", "--source", ".", code=2).stderr


def test_a_task_is_shown_before_it_is_started(shell: Callable[[str], Shell]) -> None:
    """`--dry-run` gives the mission, which can be edited and run."""
    user = with_agent(shell, NUMPY)
    found: Any = json.loads(user.run("task", "Write out.md", "--empty", "--dry-run").stdout)
    assert found["criteria"] == [{"id": "out_md", "kind": "artifact", "path": "out.md", "regex": "\\S"}]
    (user.folder / "mission.json").write_text(json.dumps(found))
    user.run("check", "mission.json")
    user.run("run", "mission.json")
    assert (user.folder / "artifacts" / "write-out-md" / "out.md").is_file()


def test_deleting_a_task_removes_its_attempts(shell: Callable[[str], Shell]) -> None:
    """Nothing of it stays; a fork, which would share them, is refused."""
    user = with_agent(shell, NUMPY)
    user.run("task", "Write out.md", "--empty", "--id", "t1")
    assert "follow-up" in user.run("fork", "t1", code=2).stderr
    place = user.folder.parent / "data" / "default" / "tasks" / "t1"
    assert place.is_dir()
    user.run("delete", "t1", "--yes")
    assert not place.exists()
    assert os.listdir(place.parent) == []  # noqa: PTH208 - names alone


def test_many_tasks_go_on_where_they_were(shell: Callable[[str], Shell]) -> None:
    """What is done is not done again, what failed is tried again under a new session, and what is wrong is told at once."""
    user = with_agent(
        shell,
        SPENDS
        + "name = 'b.md' if 'b.md' in prompt else 'a.md'\nif name == 'a.md' or os.path.exists(os.environ['PAID'] + '.ok'): pathlib.Path(name).write_text('x')\n",
    )
    lines = [{"task": "Write a.md", "id": "a"}, {"task": "Write b.md", "id": "b"}]
    words = ("task", "--from", "tasks.jsonl", "--empty", "--attempts", "1", "--parallel", "2")
    (user.folder / "tasks.jsonl").write_text("\n".join(map(json.dumps, [*lines, {"task": "Be nice", "id": "c"}])))
    assert "c: the task: says nothing" in user.run(*words, code=2).stderr
    assert paid(user) == 0
    (user.folder / "tasks.jsonl").write_text("\n".join(map(json.dumps, lines)))
    first = user.run(*words, code=1)
    assert first.stdout.strip() == "1 achieved, 1 not achieved"
    assert (user.folder / "artifacts" / "a" / "a.md").is_file()
    assert paid(user) == 2
    Path(user.environment["PAID"] + ".ok").touch()
    again = {row["id"]: row for row in user.json(*words)}
    assert [(row["status"], row["session_id"]) for row in again.values()] == [
        ("done before", "a"), ("achieved", "b.2"),
    ]  # fmt: skip
    assert paid(user) == 3
    (user.folder / "wrong.jsonl").write_text(
        '{"task": "x", "ids": 1}\n{"task": "Write a.md", "id": "a"}\n{"task": "y", "id": "a"}\nno\n'
    )
    said = user.run("task", "--from", "wrong.jsonl", "--empty", code=2).stderr
    for part in ("line 1: ids", "line 3: id", "line 4", "that of line 2"):
        assert part in said
    assert (
        "takes tasks and ids from the file" in user.run("task", "x", "--from", "tasks.jsonl", "--empty", code=2).stderr
    )
    assert "TASK" in user.run("task", "--empty", code=2).stderr


def test_a_batch_that_was_killed_goes_on(shell: Callable[[str], Shell]) -> None:
    """Its attempts are not paid twice either."""
    user = with_agent(
        shell, SPENDS + "if 'attempt 2' not in prompt: time.sleep(600)\npathlib.Path('a.md').write_text('x')\n"
    )
    (user.folder / "tasks.jsonl").write_text('{"task": "Write a.md", "id": "a"}\n')
    process = user.start("task", "--from", "tasks.jsonl", "--empty")
    deadline = time.monotonic() + 60
    while paid(user) == 0:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    rows = user.json("task", "--from", "tasks.jsonl", "--empty")
    assert [(row["session_id"], row["status"]) for row in rows] == [("a", "achieved")]
    assert paid(user) == 2


def test_build_folders_are_there_for_agent_and_checks(shell: Callable[[str], Shell]) -> None:
    """Ignored by git, given to each attempt and to each check, and no part of what is put out."""
    user = with_agent(shell, "pathlib.Path('out.md').write_text(pathlib.Path('node_modules/lib.js').read_text())\n")
    repository(user)
    (user.folder / ".gitignore").write_text("node_modules/\n")
    (user.folder / "node_modules").mkdir()
    (user.folder / "node_modules" / "lib.js").write_text("given")
    check = "grep -q given node_modules/lib.js out.md"
    user.run("task", "Write out.md", "--mount", "node_modules", "--check", check, "--id", "t1")
    put = user.folder / "artifacts" / "write-out-md"
    assert [path.name for path in put.iterdir()] == ["out.md"]
