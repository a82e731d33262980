"""A tiny, randomly initialised model with a byte tokenizer, made here: to try the training loop without a download."""
# pyright: basic, reportMissingImports=false
# Transformers lives in an environment of its own, which the checks of this project do not see.

from __future__ import annotations

from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

_SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def tiny_tokenizer(template: str) -> Any:
    """Give a tokenizer of single bytes with a chat template."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: number for number, letter in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(_SPECIAL))
    made = PreTrainedTokenizerFast(tokenizer_object=tokenizer, padding_side="left")
    made.pad_token, _, made.eos_token = _SPECIAL
    made.chat_template = template
    return made


def tiny_model(tokenizer: Any) -> Any:
    """Give a model of some ten thousand random weights."""
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        max_position_embeddings=16384,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return Qwen3ForCausalLM(config)
