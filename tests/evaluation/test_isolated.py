"""Policies of strangers: their process holds nothing but observations, and nothing that it does breaks an evaluation."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from journeyman.evaluation.isolated.confinement import landlock_version
from journeyman.evaluation.isolated.policy_process import IN_A_ROW, PolicyProcess
from journeyman.evaluation.policy_code import PolicyCode, load_maker, policy_code
from journeyman.gym.evaluate import play, team_named
from journeyman.gym.tasks import SIZES, Split, Tier, tasks
from journeyman.mission.values.errors import InvalidInput, NotFound, Unavailable

SALT = b"0123456789abcdef"
SOME = tasks(Tier.EASY, Split.VALIDATION, 3, salt=SALT)
WIDTH = SIZES[Tier.EASY].services[1]
needs_landlock = pytest.mark.skipif(landlock_version() == 0, reason="the system has no Landlock")


def written(folder: Path, text: str, name: str = "Policy") -> PolicyCode:
    """A policy file in a folder of its own."""
    path = folder / "strangers" / "policy.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"import numpy as np\nfrom journeyman.gym.policies.base import no_actions\n{text}", "utf-8")
    return PolicyCode(path, name)


def policy(act: str) -> str:
    """A policy whose `act` has this body; `seen` are the observations."""
    body = "\n        ".join(act.splitlines())
    return f"class Policy:\n    def __init__(self, worlds):\n        self.worlds = worlds\n    def act(self, seen):\n        {body}\n"


@contextmanager
def opened(code: PolicyCode, act_s: float = 20) -> Generator[PolicyProcess]:
    """A process that is gone afterwards."""
    process = PolicyProcess(code, act_s=act_s)
    try:
        yield process
    finally:
        process.close()


def asked(folder: Path, code: str) -> str:
    """What a policy finds out, told as its failure."""
    with opened(written(folder, policy(f"{code}\nraise RuntimeError(str(found))"))) as process:
        play(process.team_for(SOME, 0), SOME)
        assert len(process.failures) == 1
        return process.failures[0]


def test_an_isolated_policy_plays_as_it_would_here(tmp_path: Path) -> None:
    """Batch after batch in one process, and to the bit."""
    text = (
        "from journeyman.gym.policies.heuristic import HEURISTIC\n"
        "from journeyman.gym.policies.role_team import RoleTeam\n"
        "def make(worlds):\n    print('hello')\n    return RoleTeam('mine', HEURISTIC, worlds)\n"
    )
    code = written(tmp_path, text, "make")
    expected = play(team_named("heuristic"), SOME)
    assert play(load_maker(code), SOME) == expected
    with opened(code) as process:
        process.check(WIDTH)
        for _ in range(2):
            assert play(process.team_for(SOME, 0), SOME) == expected
        assert process.row() == {"confined": process.confined, "failed_batches": 0, "last_failure": None}


def test_no_world_and_no_task_is_within_reach(tmp_path: Path) -> None:
    """Whatever lives in the process, whatever the frames around `act` hold: no world, no task, no record with the truth."""
    found = asked(
        tmp_path,
        "import gc, sys\n"
        "from journeyman.gym.world import World\nfrom journeyman.gym.tasks import Task\n"
        "held = [type(one).__name__ for one in gc.get_objects() if isinstance(one, (World, Task))]\n"
        "frame, arrays = sys._getframe(), []\n"
        "while frame is not None:\n"
        "    arrays += [one.dtype.names for one in frame.f_locals.values() if isinstance(one, np.ndarray) and one.dtype.names]\n"
        "    frame = frame.f_back\n"
        "names = {name for some in arrays for name in some}\n"
        "found = held, sorted(names & {'key', 'kind', 'onset', 'rogue', 'cured', 'level'}), sys.argv[3:]",
    )
    assert "([], [], [" in found
    assert SALT.decode() not in found


def test_our_variables_stay_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key in the environment is the first thing that a stranger's code looks for."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret-value")
    found = asked(tmp_path, "import os\nfound = sorted(os.environ), os.getcwd() == os.environ['HOME']")
    assert "API_KEY" not in found
    assert "True" in found


@needs_landlock
def test_files_processes_and_networks_are_out_of_reach(tmp_path: Path) -> None:
    """Not the salt beside, not our command line or memory, no signal to us, no connection; its own folders work."""
    secret = tmp_path / "salt"
    secret.write_bytes(SALT)
    (tmp_path / "strangers").mkdir()
    (tmp_path / "strangers" / "weights.txt").write_text("7", "utf-8")
    found = asked(
        tmp_path,
        "import os, socket\n"
        "from pathlib import Path\n"
        "def refused(work):\n"
        "    try:\n        work()\n    except OSError:\n        return True\n    return False\n"
        f"own, parent = Path({str(tmp_path / 'strangers')!r}), os.getppid()\n"
        "Path('scratch.txt').write_text('mine')\n"
        "found = ''.join('y' if one else 'n' for one in (\n"
        f"    refused(lambda: open({str(secret)!r}).read()),\n"
        "    refused(lambda: open('/etc/passwd').read()),\n"
        "    refused(lambda: open(f'/proc/{parent}/cmdline').read()),\n"
        "    refused(lambda: open(f'/proc/{parent}/mem', 'rb')),\n"
        "    refused(lambda: os.kill(parent, 0)) or os.getppid() == 0,\n"
        "    refused(lambda: socket.create_connection(('127.0.0.1', 9), 1)),\n"
        "    refused(lambda: (own / 'left').write_text('x')),\n"
        "    (own / 'weights.txt').read_text() == '7',\n"
        "))",
    )
    assert found == "RuntimeError: yyyyyyyy"


@pytest.mark.parametrize(
    ("act", "why"),
    [
        ("raise ValueError('I give up')", "ValueError: I give up"),
        ("import os\nos._exit(3)", "ended with code 3"),
        ("import sys\nprint('oh no', file=sys.stderr)\nsys.stderr.flush()\nimport os\nos._exit(1)", "it said last: oh no"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", "ended with code -11"),
        ("return np.zeros((2, 2), np.int64)", "32 bytes of kind 1 where 384 bytes of actions were wanted"),
        ("return np.zeros((self.worlds, 4, 4))", "actions are float64"),
        ("return 'restart'", "integers are wanted"),
        ("return None", "integers are wanted"),
        ("import os\nos.closerange(3, 64)\nimport time\ntime.sleep(30)", "closed its pipe"),
        ("import os\nfor one in range(3, 20):\n    try:\n        os.write(one, b'x' * 64)\n    except OSError:\n        pass\nreturn no_actions(self.worlds)", "may come"),
    ],
)  # fmt: skip
def test_a_policy_that_fails_does_nothing_more_in_that_batch(tmp_path: Path, act: str, why: str) -> None:
    """The batch is scored as if it had done nothing, and why is kept."""
    with opened(written(tmp_path, policy(act))) as process:
        assert play(process.team_for(SOME, 0), SOME) == play(team_named("null"), SOME)
        assert len(process.failures) == 1
        assert why in process.failures[0]


def test_a_policy_that_hangs_is_given_its_time_and_no_more(tmp_path: Path) -> None:
    """Also where it has left a process behind that holds its pipes."""
    act = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(3)\n    os._exit(0)\ntime.sleep(600)"
    with opened(written(tmp_path, policy(act)), act_s=0.5) as process:
        assert play(process.team_for(SOME, 0), SOME) == play(team_named("null"), SOME)
        assert process.failures == ["it did not answer within 0.5 s"]


def test_wild_integers_are_no_ops(tmp_path: Path) -> None:
    """The world refuses what no role may do; nothing else comes of it."""
    act = "return np.random.default_rng(1).integers(-2**62, 2**62, (self.worlds, 4, 4))"
    with opened(written(tmp_path, policy(act))) as process:
        assert play(process.team_for(SOME, 0), SOME) == play(team_named("null"), SOME)
        assert process.failures == []


def test_a_policy_that_fails_once_plays_the_next_batch(tmp_path: Path) -> None:
    """Only batches in a row end a run; what stands between them counts anew."""
    mark = "Path(os.environ['HOME'])"
    act = "import os\nfrom pathlib import Path\n" + f"assert not any({mark}.iterdir())\nreturn no_actions(self.worlds)"
    with opened(written(tmp_path, policy(act))) as process:
        play(process.team_for(SOME, 0), SOME)
        assert process.failures == []
    with opened(written(tmp_path, policy("raise ValueError('never')"))) as process:
        for _ in range(IN_A_ROW - 1):
            play(process.team_for(SOME, 0), SOME)
        with pytest.raises(Unavailable, match="3 batches in a row, last: ValueError: never"):
            play(process.team_for(SOME, 0), SOME)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("def other(worlds): ...", "it has no callable 'Policy' (it has other)"),
        ("1 / 0", "running it raises ZeroDivisionError: division by zero"),
        ("def Policy(worlds):\n    raise ValueError('no team')", "ValueError: no team"),
        ("import time\ntime.sleep(600)", "did not answer within 5 s"),
    ],
)
def test_a_file_that_cannot_play_is_refused_before_it_does(tmp_path: Path, text: str, why: str) -> None:
    """Nothing is scored, and the error names the file and what is wrong."""
    process = PolicyProcess(written(tmp_path, text), start_s=5)
    with pytest.raises(InvalidInput) as refused:
        process.check(WIDTH)
    assert why in str(refused.value)
    assert str(process.code.path) in str(refused.value)
    process.close()


def test_the_process_ends_with_the_evaluation(tmp_path: Path) -> None:
    """Closing twice is harmless, and nothing is left."""
    process = PolicyProcess(written(tmp_path, policy("return no_actions(self.worlds)")))
    process.check(WIDTH)
    assert process._process is not None
    number = process._process.pid
    process.close()
    process.close()
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_a_policy_s_name_tells_whether_it_is_code() -> None:
    """Everything else is looked up by name."""
    assert policy_code("some/policy.py:make") == PolicyCode(Path("some/policy.py"), "make")
    for other in ("heuristic", "trained:small.json", "advisor:local", "policy.py", "policy.py:", "policy.py:a-b"):
        assert policy_code(other) is None
    with pytest.raises(NotFound, match="there is no policy file"):
        load_maker(PolicyCode(Path("nowhere.py"), "make"))
