"""What a role was told lately, as counts by topic and subject: numbers that a network need not learn to read.

The features hold a message as five scaled numbers in a row of eight, and a topic of 5/48 means nothing like 6/48.
"""
# pyright: basic, reportMissingImports=false, reportUntypedBaseClass=false
# Torch and Stable-Baselines3 live in an environment of their own, which the checks of this project do not see.

from __future__ import annotations

from typing import Any

import torch
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor

from journeyman.gym.actions import TOPICS, Topic
from journeyman.gym.rules.features import HEAD
from journeyman.gym.state import MESSAGE_FIELDS, MESSAGES
from journeyman.gym.tasks import MAX_SERVICES

_TOPICS = int(Topic.ALL_CLEAR) + 1
_MOST = 2.0
_FADING = 15.0
"""How fast a message becomes old news: after 1/15 of the scale of steps, some three of them."""


class MessageFeatures(BaseFeaturesExtractor):
    """The stacked vectors as they are, and behind them the messages of the newest one, counted.

    Args:
        space: of the stacked vectors.
        width: of one vector.
        subjects: services or agents that a message may be about.
    """

    def __init__(self, space: Any, *, width: int, subjects: int) -> None:
        self._cells = _TOPICS * (subjects + 1)
        super().__init__(space, space.shape[0] + 2 * self._cells)
        self._width, self._subjects = width, subjects

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        """Count what was said, newest things most, and all that can still be heard."""
        newest = seen[:, -self._width :]
        messages = newest[:, 2:HEAD].reshape(len(seen), MESSAGES, MESSAGE_FIELDS)
        step, sender, _, topic, about = messages.unbind(-1)
        heard = (sender >= 0).float()
        topic = (topic * TOPICS).round().long().clamp(0, _TOPICS - 1)
        about = (about * MAX_SERVICES).round().long().clamp(-1, self._subjects - 1) + 1
        fresh_by = (1 - (newest[:, :1] - step) * _FADING).clamp(min=0)
        cell = topic * (self._subjects + 1) + about
        fresh, all_heard = torch.zeros(2, len(seen), self._cells, device=seen.device).unbind()
        fresh.scatter_add_(1, cell, heard * fresh_by)
        all_heard.scatter_add_(1, cell, heard)
        return torch.cat([seen, fresh.clamp(max=_MOST), all_heard.clamp(max=_MOST)], dim=1)
