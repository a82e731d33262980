"""A tiny model with its tokenizer, made here: to try the training loop in seconds, without a download.

Random weights write noise, and noise calls no tool: every rollout of a group would score alike and teach nothing. So
the model first copies tool calls drawn at random (`fit_tool_calls`), for some seconds. Then it acts, in form but not in sense.
"""
# pyright: basic, reportMissingImports=false
# Torch and Transformers live in an environment of their own, which the checks of this project do not see.

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from tool_call_examples import ToolCallExample
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

_SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_PIECES = 1024
_WINDOW = 32
"""Tokens that a layer looks back: about a call, so that practice on short texts holds in long ones."""
_LAYERS = 2
_BATCH = 4
_RATE = 5e-3


def tiny_tokenizer(template: str, texts: Sequence[str] = ()) -> Any:
    """A tokenizer with a chat template: single bytes, and the pieces that are frequent in some texts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    pieces = trainers.BpeTrainer(
        vocab_size=_PIECES,
        special_tokens=list(_SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, pieces)
    made = PreTrainedTokenizerFast(tokenizer_object=tokenizer, padding_side="left")
    made.pad_token, _, made.eos_token = _SPECIAL
    made.chat_template = template
    return made


def tiny_model(tokenizer: Any) -> Any:
    """A model of some hundred thousand random weights."""
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=_LAYERS,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=16384,
        use_sliding_window=True,
        sliding_window=_WINDOW,
        max_window_layers=0,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=True,
    )
    return Qwen3ForCausalLM(config)


def fit_tool_calls(model: Any, tokenizer: Any, drills: Sequence[ToolCallExample]) -> float:
    """Fit the model to write the drills' calls where its turn begins, and give the last loss in nats per token."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=_RATE)
    batches = [drills[at : at + _BATCH] for at in range(0, len(drills), _BATCH)]
    slower = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.1, total_iters=len(batches))
    loss = 0.0
    for batch in batches:
        ids, labels = _rows(tokenizer, batch)
        step = model(input_ids=ids, labels=labels).loss
        step.backward()
        optimizer.step()
        optimizer.zero_grad()
        slower.step()
        loss = step.item()
    return loss


def _rows(tokenizer: Any, drills: Sequence[ToolCallExample]) -> tuple[Any, Any]:
    """Token ids and labels of the same width: what a layer can still see before the turn, the call, padding."""
    befores, answers = [], []
    for number, drill in enumerate(drills):
        said = [{"role": "user", "content": drill.seen}]
        if number % 2:  # a later turn: what is seen came back from a tool
            said += [{"role": "assistant", "content": call_text(drill)}, {"role": "tool", "content": drill.seen}]
        before = tokenizer.apply_chat_template(
            said, add_generation_prompt=True, enable_thinking=False, tokenize=True, return_dict=False
        )
        befores.append(before[-_LAYERS * _WINDOW :])
        answers.append(tokenizer(f"{call_text(drill)}{tokenizer.eos_token}")["input_ids"])
    width = max(len(before) + len(answer) for before, answer in zip(befores, answers, strict=True))
    ids, labels = [], []
    for before, answer in zip(befores, answers, strict=True):
        rest = width - len(before) - len(answer)
        ids.append([*before, *answer, *[tokenizer.pad_token_id] * rest])
        labels.append([*[-100] * len(before), *answer, *[-100] * rest])
    return torch.tensor(ids), torch.tensor(labels)


def call_text(drill: ToolCallExample) -> str:
    """A tool call as the chat template writes it."""
    return f"<tool_call>\n{json.dumps({'name': drill.tool, 'arguments': drill.arguments})}\n</tool_call>"
