"""Advisors that wait for somebody who connects are configured like any other, with how long that somebody may take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from journeyman.advisors.base import AskPurpose, FailureClass, Message, Request
from journeyman.advisors.mcp_sampling import PushSampling
from journeyman.advisors.pull import PullAdvisor
from journeyman.advisors.settings import AdvisorSettings
from journeyman.config import load_settings
from journeyman.wiring import advisors_of, opened

pytestmark = pytest.mark.anyio
KINDS = ("sampling", "rounds", "pull")


def table(**given: Any) -> AdvisorSettings:
    """A table of the settings file."""
    return AdvisorSettings.model_validate(given)


@pytest.mark.parametrize("kind", KINDS)
def test_how_long_an_answer_may_take_comes_from_the_settings(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """300 s where nothing is said; under the advisor's own name."""
    config = tmp_path / "config.toml"
    config.write_text(f'[advisors.ada]\nkind = "{kind}"\nanswer_within_s = 7.5\n[advisors.bo]\nkind = "{kind}"\n')
    monkeypatch.setenv("JOURNEYMAN_CONFIG", str(config))
    advisors = advisors_of(load_settings(environment={}), {})
    assert {name: (one.name, one.limits.timeout_s) for name, one in advisors.items()} == {
        "ada": ("ada", 7.5),
        "bo": ("bo", 300),
    }
    assert not any(one.readiness().ready for one in advisors.values())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"kind": "openai", "answer_within_s": 5}, "has timeout_s"),
        ({"kind": "agent", "command": ["x"], "answer_within_s": 5}, "has timeout_s"),
        ({"kind": "pull", "timeout_s": 5}, "timeout_s means nothing to kind 'pull'"),
        ({"kind": "sampling", "model": "m", "base_url": "http://h"}, "base_url, model mean nothing"),
        ({"kind": "rounds", "answer_within_s": 0}, "greater than 0"),
        ({"kind": "pull", "answer_within_s": 86_401}, "less than or equal to 86400"),
    ],
)
def test_a_key_that_means_nothing_to_a_kind_is_an_error(given: dict[str, Any], words: str) -> None:
    """Instead of being passed over in silence."""
    with pytest.raises(ValidationError, match=words):
        table(**given)


async def test_a_question_that_nobody_fetches_in_time_is_a_timeout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the settings file and the broker, as a mission would ask it."""
    config = tmp_path / "config.toml"
    config.write_text(
        '[advisors.prompts]\nkind = "pull"\nanswer_within_s = 0.02\n[advisors.client]\nkind = "sampling"\n'
    )
    monkeypatch.setenv("JOURNEYMAN_CONFIG", str(config))
    settings = load_settings({"data_dir": str(tmp_path)}, environment={})
    async with opened(settings) as journeyman:
        prompts = journeyman.advisors["prompts"]
        assert isinstance(prompts, PullAdvisor)
        assert isinstance(journeyman.advisors["client"], PushSampling)
        assert await prompts.next_prompts() == []  # now somebody fetches, and then does not
        assert prompts.readiness().ready
        answer = await prompts.ask(
            Request(request_id="1", purpose=AskPurpose.STRATEGY, messages=(Message("user", "?"),))
        )
        assert answer.failure is FailureClass.TIMEOUT
