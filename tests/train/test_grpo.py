"""One real step of GRPO on a tiny random model, and what a model's words become."""
# pyright: basic, reportMissingImports=false
# TRL lives in an environment of its own, which the checks of this project do not see.

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path

import trl
from transformers.utils import get_json_schema
from trl.chat_template_utils import add_response_schema

from journeyman.interfaces.trainers.seats import SEATS, SreSeat, rows
from journeyman.interfaces.trainers.tiny import tiny_tokenizer


def test_one_step_is_taken_and_the_model_saved(tmp_path: Path) -> None:
    """The loop runs to its end: rollouts, the environment's own reward, an update, a saved model."""
    argv = [sys.executable, "-m", "journeyman.interfaces.trainers.grpo", "--model", "tiny", "--role", "oversight"]
    argv += ["--steps", "1", "--group", "2", "--tokens", "24", "--worlds", "2", "--output", str(tmp_path / "out")]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:]
    said = json.loads(ended.stdout.splitlines()[-1])
    assert said["steps"] == 1
    assert said["num_tokens"] > 1000  # the role's briefing and the first view were in the prompt
    assert 0 < said["reward"] <= 1  # a silent overseer of an easy world: the others handle it
    assert said["rewards/OversightSeat/mean"] == said["reward"]
    assert (tmp_path / "out" / "model.safetensors").exists()


def test_every_tool_has_the_schema_that_models_read() -> None:
    """TRL makes schemas of docstrings; a missing line would end a training run before it began."""
    for name, make in SEATS.items():
        seat = make()
        for method, _ in inspect.getmembers(type(seat), predicate=inspect.isfunction):
            if not method.startswith("_") and method not in ("reset", "get_reward"):
                schema = get_json_schema(getattr(seat, method))
                assert schema["function"]["description"], (name, method)


def test_a_tool_call_in_a_models_words_moves_the_world() -> None:
    """From the bytes that a model writes to the view that it gets back."""
    template = Path(str(trl.__file__)).parent / "chat_templates" / "qwen3.jinja"
    tokenizer = add_response_schema(tiny_tokenizer(template.read_text("utf-8")))
    seat = SreSeat()
    first = seat.reset(**rows("sre", 1)[0])
    service = first.split("METRICS worst first\n  ")[1].split(":")[0]
    words = f'<tool_call>\n{{"name": "look", "arguments": {{"service": "{service}"}}}}\n</tool_call><|im_end|>'
    call = tokenizer.parse_response(words, prefix="")["tool_calls"][0]["function"]
    assert f"CLOSER LOOK at {service}" in getattr(seat, call["name"])(**call["arguments"])
