"""`gym export`: the expert's answers as chat rows and preference pairs."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

from journeyman.evaluation.policies import SPLITS, TIERS
from journeyman.gym.tasks import tasks
from journeyman.gym.text.export import Example, expert_examples
from journeyman.interfaces.cli.gym.progress_bar import bar
from journeyman.interfaces.cli.terminal import say
from journeyman.mission.values.errors import InvalidInput, NotAllowed, NotFound, Problem


def export(tier: str, split: str, count: int, output: Path, pairs: Path | None) -> None:
    """Write both files, a task at a time."""
    if split == "held_out":
        raise NotAllowed(
            "held-out tasks are for testing: a model trained on them proves nothing; use train or validation"
        )
    if pairs is not None and pairs.resolve() == output.resolve():
        problem = Problem(where="", message="is the file of --output", hint="give the pairs a file of their own")
        raise InvalidInput("--pairs", (problem,))
    rows = used = 0
    with ExitStack() as files, bar() as progress:
        try:
            # Opened without emptying: nothing is lost when the other one cannot be written.
            chats = files.enter_context(output.open("a", encoding="utf-8"))
            preferences = files.enter_context(pairs.open("a", encoding="utf-8")) if pairs is not None else None
            for file in (chats, preferences):
                if file is not None:
                    file.truncate(0)
        except OSError as error:
            raise NotFound(f"cannot write {error.filename!r}: {error.strerror}; choose another name") from None
        for one in progress.track(tasks(TIERS[tier], SPLITS[split], count), description="tasks"):
            examples = expert_examples(one)
            used += bool(examples)
            for example in examples:
                chats.write(_line(chat_row(example)))
                if preferences is not None:
                    preferences.write(_line(pair_row(example)))
                rows += 1
    say(
        f"wrote {rows} rows of {used} tasks, of {count} that the expert played, to {output}{f' and {pairs}' if pairs is not None else ''}"
    )


def chat_row(example: Example) -> dict[str, object]:
    """An example in the form of chat training: `messages` that end with the assistant's answer."""
    messages = [*example.prompt, {"role": "assistant", "content": example.chosen}]
    return {"messages": messages, "task_id": example.task_id, "step": example.step, "role": example.role}


def pair_row(example: Example) -> dict[str, object]:
    """An example in the form of preference training: `prompt`, `chosen`, `rejected`."""
    return {
        "prompt": list(example.prompt),
        "chosen": [{"role": "assistant", "content": example.chosen}],
        "rejected": [{"role": "assistant", "content": example.rejected}],
        "task_id": example.task_id,
        "step": example.step,
        "role": example.role,
    }


def _line(row: dict[str, object]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"
