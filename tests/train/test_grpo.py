"""Real steps of GRPO on a tiny model, and what a model's words become."""
# pyright: basic, reportMissingImports=false
# TRL lives in an environment of its own, which the checks of this project do not see.

from __future__ import annotations

import inspect
import json
import math
import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpo
import pytest
import torch
import trl
from safetensors.torch import load_file
from tiny_model import tiny_tokenizer
from transformers.utils import get_json_schema
from trl.chat_template_utils import add_response_schema

from journeyman.interfaces.trainers.trl_environments import ENVIRONMENTS, training_rows


@dataclass(frozen=True)
class Run:
    """A finished run of the script."""

    folder: Path
    said: dict[str, Any]
    heard: str


def run(folder: Path, *words: str) -> Run:
    """Run the script for the seat of oversight, as a user does."""
    argv = [sys.executable, grpo.__file__, "--role", "oversight", "--worlds", "1"]
    argv += ["--group", "8", "--tokens", "3000", "--calls", "4", "--rate", "1e-3", "--output", str(folder), *words]
    ended = subprocess.run(
        argv, capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    return Run(folder, json.loads(ended.stdout.splitlines()[-1]), ended.stderr)


def weights(folder: Path) -> dict[str, Any]:
    """A saved model's weights by name."""
    return load_file(folder / "model.safetensors")


def differ(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Tell whether two models of the same shape have other weights."""
    assert one.keys() == other.keys()
    return any(not torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One step on the tiny model, with a checkpoint."""
    return run(tmp_path_factory.mktemp("tiny"), "--model", "tiny", "--steps", "1", "--save-every", "1")


def test_one_step_learns_from_rollouts_that_act_and_differ(first: Run) -> None:
    """Tools are called, the worlds' rewards differ within the group, and so there is a gradient and other weights."""
    said = first.said
    assert said["steps"] == 1
    assert said["device"] == "cpu" if not torch.cuda.is_available() else said["device"].startswith("cuda")
    assert said["tools/call_frequency"] > 0.5
    assert said["tools/failure_frequency"] < 1
    assert 0 < said["reward"] <= 1
    assert said["rewards/OversightSeat/mean"] == said["reward"]
    assert said["reward_std"] > 0.01
    assert said["frac_reward_zero_std"] == 0
    assert math.isfinite(said["loss"])
    assert said["grad_norm"] > 0.01
    start, after = weights(first.folder / "start"), weights(first.folder)
    assert all(bool(torch.isfinite(one).all()) for one in after.values())
    assert differ(start, after)
    assert "step 1: reward " in first.heard


def test_a_cut_training_goes_on_from_its_checkpoint(first: Run, tmp_path: Path) -> None:
    """The second step is taken with the first one's weights, and the log holds both."""
    folder = tmp_path / "again"
    shutil.copytree(first.folder, folder)
    later = run(folder, "--model", str(folder / "start"), "--steps", "2", "--save-every", "1", "--resume")
    assert later.said["steps"] == 2
    assert "step 1: " not in later.heard
    logged = json.loads((folder / "trainer_state.json").read_text("utf-8"))["log_history"]
    assert [row["step"] for row in logged if "reward" in row] == [1, 2]
    assert differ(weights(first.folder), weights(folder))


def test_the_page_s_ten_minutes_are_real(first: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both scripts of the page run as they stand there, the second with the tiny model, one step and shorter rollouts."""
    page = (Path(__file__).parents[2] / "docs" / "gym.md").read_text("utf-8")
    part = page.partition("### TRL in ten minutes")[2].partition("\n**")[0]
    scripts = [textwrap.dedent(one.partition("```")[0]) for one in part.split("```python\n")[1:]]
    assert len(scripts) == 2
    monkeypatch.chdir(tmp_path)
    shorter = {
        "Qwen/Qwen3-0.6B": str(first.folder / "start"),
        "max_steps=100": "max_steps=1",
        "8192": "1000",
        "=40": "=2",
    }
    for old, new in shorter.items():
        assert old in scripts[1]
        scripts[1] = scripts[1].replace(old, new)
    for script in scripts:
        ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr[-3000:]
    assert (tmp_path / "incident-manager" / "model.safetensors").exists()


def test_a_saved_model_can_be_trained_in_smaller_batches(first: Run, tmp_path: Path) -> None:
    """A model from a folder, as from a hub; the group is still one update when its rollouts go backward by twos."""
    said = run(tmp_path / "out", "--model", str(first.folder), "--steps", "1", "--batch", "2", "--seed", "1").said
    assert said["steps"] == 1
    assert said["tools/call_frequency"] > 0
    assert not (tmp_path / "out" / "start").exists()


@pytest.mark.parametrize(
    ("cuda", "bf16", "expected"),
    [
        (False, False, {"use_cpu": True, "bf16": False, "fp16": False}),
        (True, True, {"use_cpu": False, "bf16": True, "fp16": False}),
        (True, False, {"use_cpu": False, "bf16": False, "fp16": True}),
    ],
)
def test_a_gpu_is_used_in_the_precision_that_it_knows(
    monkeypatch: pytest.MonkeyPatch, *, cuda: bool, bf16: bool, expected: dict[str, bool]
) -> None:
    """No GPU: the processor in full precision; a GPU: bf16 where it computes it itself, not where it is emulated."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: bf16 or including_emulation)
    assert grpo.precision() == expected


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--group", "1"), "--group must be 2 or more"),
        (("--group", "6", "--batch", "4"), "one of its divisors"),
        (("--others", "clever"), "'clever' is no team"),
        (("--steps", "0"), "0 is not 1 or more"),
        (("--resume",), "has no checkpoint"),
    ],
)
def test_what_cannot_work_is_said_before_a_model_is_loaded(
    words: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Loading a model takes minutes: the options are checked first."""
    with pytest.raises(SystemExit) as ended:
        grpo.parse_options(["--model", "tiny", "--output", str(tmp_path), *words])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_every_tool_has_the_schema_that_models_read() -> None:
    """TRL makes schemas of docstrings; a missing line would end a training run before it began."""
    for name, make in ENVIRONMENTS.items():
        seat = make()
        for method, _ in inspect.getmembers(type(seat), predicate=inspect.isfunction):
            if not method.startswith("_") and method not in ("reset", "get_reward"):
                schema = get_json_schema(getattr(seat, method))
                assert schema["function"]["description"], (name, method)


def test_a_tool_call_in_a_models_words_moves_the_world() -> None:
    """From the bytes that a model writes to the view that it gets back."""
    template = Path(str(trl.__file__)).parent / "chat_templates" / "qwen3.jinja"
    tokenizer = add_response_schema(tiny_tokenizer(template.read_text("utf-8")))
    seat = ENVIRONMENTS["sre"]()
    first = seat.reset(**training_rows("sre", 1)[0])
    service = first.split("METRICS worst first\n  ")[1].split(":")[0]
    words = f'<tool_call>\n{{"name": "look", "arguments": {{"target": "{service}"}}}}\n</tool_call><|im_end|>'
    call = tokenizer.parse_response(words, prefix="")["tool_calls"][0]["function"]
    assert f"CLOSER LOOK at {service}" in getattr(seat, call["name"])(**call["arguments"])
