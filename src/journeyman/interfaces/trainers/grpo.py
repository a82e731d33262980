"""GRPO on the gym with TRL: `python -m journeyman.interfaces.trainers.grpo --model NAME --role sre --output DIR`.

Uses a GPU when there is one. `--model tiny` trains a tiny random model: it learns nothing and shows that all is wired.
"""
# pyright: basic, reportMissingImports=false
# TRL and torch live in an environment of their own, which the checks of this project do not see.

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path
from typing import Any

from journeyman.interfaces.trainers.seats import SEATS, rows

try:
    import torch
    import trl
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    from journeyman.interfaces.trainers.tiny import tiny_model, tiny_tokenizer
except ImportError as error:
    raise ImportError("training needs TRL: pip install 'trl==1.16.*' torch, see `make test-train`") from error


def train(options: argparse.Namespace) -> dict[str, Any]:
    """Train for some steps, save the model, and give what the trainer logged last."""
    model: Any = options.model
    tokenizer = None
    if options.model == "tiny":
        torch.manual_seed(options.seed)
        template = Path(str(trl.__file__)).parent / "chat_templates" / "qwen3.jinja"
        tokenizer = tiny_tokenizer(template.read_text("utf-8"))
        model = tiny_model(tokenizer)
    gpu = torch.cuda.is_available()
    config = GRPOConfig(
        output_dir=str(options.output),
        max_steps=options.steps,
        seed=options.seed,
        per_device_train_batch_size=options.group,
        num_generations=options.group,
        max_completion_length=options.tokens,
        max_tool_calling_iterations=options.calls,
        learning_rate=options.rate,
        bf16=gpu,
        use_cpu=not gpu,
        logging_steps=1,
        save_strategy="no",
        report_to=[],
        chat_template_kwargs={"enable_thinking": False},
    )
    seat = partial(SEATS[options.role], tier=options.tier, others=options.others)
    trainer = GRPOTrainer(
        model=model,
        args=config,
        train_dataset=Dataset.from_list(rows(options.role, options.worlds)),
        processing_class=tokenizer,
        environment_factory=seat,
    )
    trainer.train()
    trainer.save_model(str(options.output))
    logged = next(row for row in reversed(trainer.state.log_history) if "loss" in row)
    return {"steps": trainer.state.global_step, "device": "cuda" if gpu else "cpu", **logged}


def main() -> None:
    """Train as the command line says and print the last log line as JSON."""
    parser = argparse.ArgumentParser(prog="python -m journeyman.interfaces.trainers.grpo")
    parser.add_argument("--model", default="tiny", help="name or folder of a model, or tiny")
    parser.add_argument("--role", default="sre", choices=sorted(SEATS))
    parser.add_argument("--tier", default="easy", choices=["easy", "medium", "hard"])
    parser.add_argument("--others", default="heuristic", help="who plays the other seats")
    parser.add_argument("--worlds", type=int, default=256, help="training worlds")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--group", type=int, default=8, help="rollouts per world")
    parser.add_argument("--tokens", type=int, default=8192, help="most tokens of a whole rollout")
    parser.add_argument("--calls", type=int, default=40, help="most tool calls of a rollout")
    parser.add_argument("--rate", type=float, default=1e-6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, required=True)
    print(json.dumps(train(parser.parse_args())))  # noqa: T201  # a script's result


if __name__ == "__main__":
    main()
