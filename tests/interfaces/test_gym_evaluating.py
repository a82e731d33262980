"""`gym eval` when it is cut, or cannot write its picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from journeyman.evaluation import policies
from journeyman.evaluation.episode_log import EpisodeLog
from journeyman.gym.evaluate import Episode, MakeTeam, play
from journeyman.gym.tasks import Task
from journeyman.interfaces.cli.gym import evaluating
from journeyman.mission.values.errors import NotFound


def test_an_interrupted_evaluation_says_where_its_episodes_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was played before Ctrl-C is in the file, and the user is told so."""
    batches: list[int] = []

    def until_interrupted(make: MakeTeam, some: Sequence[Task]) -> tuple[Episode, ...]:
        batches.append(len(some))
        if len(batches) == 2:
            raise KeyboardInterrupt
        return play(make, some)

    monkeypatch.setattr(policies, "play", until_interrupted)
    output = tmp_path / "episodes.jsonl"
    with pytest.raises(KeyboardInterrupt):
        evaluating.evaluate(["null"], ["easy"], "validation", "40", evaluating.EvaluationOptions(output=output))
    assert f"what was played is in {output}; the same command goes on" in capsys.readouterr().err
    assert len(EpisodeLog(output).episodes) == batches[0]


def test_a_picture_that_cannot_be_written_is_no_fault_of_ours(tmp_path: Path) -> None:
    """The name is a folder's: say so, and what to do."""
    plot = tmp_path / "bars.png"
    plot.mkdir()
    with pytest.raises(NotFound, match="cannot write the picture"):
        evaluating.evaluate(["null"], ["easy"], "validation", "2", evaluating.EvaluationOptions(plot=plot))
