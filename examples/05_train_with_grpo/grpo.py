"""GRPO on the gym with TRL: `python grpo.py --model NAME --role sre --output DIR`.

Uses a GPU when there is one. `--model tiny` makes a tiny model first: it learns little, and shows that all is wired.
"""
# pyright: basic, reportMissingImports=false
# TRL and torch live in an environment of their own, which the checks of this project do not see.

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from functools import partial
from pathlib import Path
from typing import Any

from tool_call_examples import tool_call_examples

from journeyman.interfaces.trainers.trl_environments import ENVIRONMENTS, training_rows

try:
    import torch
    import trl
    from datasets import Dataset
    from tiny_model import call_text, fit_tool_calls, tiny_model, tiny_tokenizer
    from transformers import ProgressCallback
    from trl import GRPOConfig, GRPOTrainer
except ImportError as error:
    raise ImportError("training needs TRL: pip install 'trl==1.16.*' torch, see `make test-train`") from error

TINY = "tiny"
_EXAMPLES = 2_000
_EXAMPLE_WORLDS = 8


class TrainingProgress(ProgressCallback):
    """A bar, and one line per step on standard error."""

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **rest: Any) -> None:
        """Say what a person watches of what was logged."""
        del args, control, rest
        if self.training_bar is None or "reward" not in (logs or {}):
            return
        told = f"reward {logs['reward']:.3f} (spread {logs['reward_std']:.3f})"
        told += f", {logs.get('tools/call_frequency', 0):.1f} tool calls per rollout"
        told += f", gradient {logs.get('grad_norm', 0):.3g}"
        self.training_bar.write(f"step {state.global_step}: {told}", file=sys.stderr)


def precision() -> dict[str, bool]:
    """The trainer's settings for what this machine computes with: bf16 where the GPU knows it, else fp16, or CPU."""
    if not torch.cuda.is_available():
        return {"use_cpu": True, "bf16": False, "fp16": False}
    bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    return {"use_cpu": False, "bf16": bf16, "fp16": not bf16}


def settings(options: argparse.Namespace) -> Any:
    """The trainer's settings for what the command line says."""
    batch = options.batch or options.group
    return GRPOConfig(
        output_dir=str(options.output),
        max_steps=options.steps,
        seed=options.seed,
        per_device_train_batch_size=batch,
        gradient_accumulation_steps=options.group // batch,
        num_generations=options.group,
        max_completion_length=options.tokens,
        max_tool_calling_iterations=options.calls,
        learning_rate=options.rate,
        # The same in every step: a rate that falls to 0 by the last one could not go on with --resume and more steps.
        lr_scheduler_type="constant",
        logging_steps=1,
        save_strategy="steps" if options.save_every else "no",
        save_steps=options.save_every or 1,
        save_total_limit=1,
        report_to=options.report_to,
        chat_template_kwargs={"enable_thinking": False},
        **precision(),
    )


def train(options: argparse.Namespace) -> dict[str, Any]:
    """Train for some steps, save the model and its log, and give what the trainer logged last."""
    model, tokenizer = _make_tiny(options) if options.model == TINY else (options.model, None)
    trainer = GRPOTrainer(
        model=model,
        args=settings(options),
        train_dataset=Dataset.from_list(training_rows(options.role, options.worlds)),
        processing_class=tokenizer,
        environment_factory=partial(ENVIRONMENTS[options.role], tier=options.tier, others=options.others),
    )
    trainer.remove_callback(ProgressCallback)
    trainer.add_callback(TrainingProgress)
    trainer.train(resume_from_checkpoint=options.resume)
    trainer.save_model(str(options.output))
    trainer.save_state()
    logged = next(row for row in reversed(trainer.state.log_history) if "loss" in row)
    return {
        "output": str(options.output),
        "steps": trainer.state.global_step,
        "device": str(trainer.model.device),
        **logged,
    }


def _make_tiny(options: argparse.Namespace) -> tuple[Any, Any]:
    """A tiny model that has practised the form of tool calls; it is also kept as it was before training."""
    # One thread: more gain nothing at this size, and lose much where others compute too.
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    template = Path(str(trl.__file__)).parent / "chat_templates" / "qwen3.jinja"
    worlds = range(min(options.worlds, _EXAMPLE_WORLDS))
    drills = tool_call_examples(options.role, options.tier, worlds, _EXAMPLES, seed=options.seed)
    tokenizer = tiny_tokenizer(
        template.read_text("utf-8"), [text for one in drills for text in (one.seen, call_text(one))]
    )
    model = tiny_model(tokenizer)
    print(f"a tiny model practises tool calls, {_EXAMPLES} at random …", file=sys.stderr)
    fit_tool_calls(model, tokenizer, drills)
    for one in (model, tokenizer):
        one.save_pretrained(options.output / "start")
    return model, tokenizer


def parse_options(argv: list[str] | None = None) -> argparse.Namespace:
    """The options; exits with 2 and says what is wrong with them where they are malformed."""
    parser = argparse.ArgumentParser(
        description="Train a language model in one seat of the gym's incidents with GRPO; its tool calls are its actions,"
        " the seat's score is its reward. Prints the last step's figures as JSON.",
    )
    add = parser.add_argument
    count = {"metavar": "N", "type": _positive_int}
    name = f"name or folder of a model whose chat template has tools, or {TINY}"
    add("--model", required=True, metavar="NAME", help=name)
    add("--output", required=True, metavar="DIR", type=Path, help="folder for the model, its checkpoints and its log")
    add("--role", default="sre", choices=sorted(ENVIRONMENTS), help="the seat that is trained (default %(default)s)")
    add("--tier", default="easy", choices=["easy", "medium", "hard"], help="how hard (default %(default)s)")
    add(
        "--others",
        default="heuristic",
        metavar="NAME",
        help="who plays the other seats, or nobody (default %(default)s)",
    )
    add("--worlds", default=256, **count, help="different training incidents (default %(default)s)")
    add("--steps", default=100, **count, help="updates of the weights (default %(default)s)")
    add("--group", default=8, **count, help="rollouts per update, all of the same incident (default %(default)s)")
    add(
        "--batch",
        **count,
        help="rollouts per backward pass, a divisor of --group: fewer need less memory (default all)",
    )
    add(
        "--tokens",
        default=8192,
        **count,
        help="most tokens of a rollout, tools' answers included (default %(default)s)",
    )
    add("--calls", default=40, **count, help="most tool calls of a rollout (default %(default)s)")
    add("--rate", default=1e-6, metavar="R", type=float, help="learning rate (default %(default)s)")
    add("--seed", default=0, metavar="N", type=int, help="of sampling, and of the tiny model (default %(default)s)")
    add(
        "--save-every",
        default=50,
        metavar="N",
        type=int,
        help="steps between checkpoints, 0 for none (default %(default)s)",
    )
    add("--resume", action="store_true", help="go on from the last checkpoint in --output, up to --steps in all")
    add(
        "--report-to",
        default="none",
        metavar="NAME",
        help="also log to tensorboard, wandb, trackio … (default %(default)s)",
    )
    options = parser.parse_args(argv)
    _check(parser, options)
    return options


def _check(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    if options.group < 2 or (options.batch and options.group % options.batch):
        parser.error("--group must be 2 or more, and --batch one of its divisors")
    try:
        ENVIRONMENTS[options.role](tier=options.tier, others=options.others)
    except KeyError as fault:
        parser.error(f"--others: {fault.args[0]}")
    if options.resume and not any(options.output.glob("checkpoint-*")):
        parser.error(f"--resume: {options.output} has no checkpoint; --save-every makes them")


def _positive_int(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not 1 or more")
    return number


def main() -> None:
    """Train as the command line says and print the last step's figures as JSON."""
    options = parse_options()
    # What the vendors warn of here is their own use of each other.
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    print(json.dumps(train(options)))
    print(f"wrote {options.output}: the model, and every step in trainer_state.json", file=sys.stderr)


if __name__ == "__main__":
    main()
