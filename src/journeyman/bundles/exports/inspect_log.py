"""A session as a log of Inspect: a `.eval` file with one sample, which `inspect view` and its Python reader open. Pure."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Final

from journeyman.bundles.exports.atif import text_of
from journeyman.bundles.exports.trajectory import IterationSteps, SessionTrajectory
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.values.canonical import Json, JsonObject

VERSION: Final = 2
"""Of Inspect's log schema."""
_TIME: Final = (1980, 1, 1, 0, 0, 0)
_SCORER: Final = "journeyman"


def inspect_log(session: SessionTrajectory, version: str) -> bytes:
    """The file's bytes; equal sessions give equal ones."""
    model = session.model or "none/none"
    spec: JsonObject = {
        "eval_id": session.session_id, "run_id": session.session_id, "created": session.created_at,
        "task": str(session.mission.get("name", "mission")), "task_id": session.session_id, "task_version": 0,
        "dataset": {"name": "mission", "samples": 1, "sample_ids": [session.session_id]}, "model": model, "config": {},
        "packages": {"journeyman": version},
    }  # fmt: skip
    sample = _sample(session, model)
    summary = {key: sample[key] for key in ("id", "epoch", "input", "target", "metadata", "scores", "model_usage")}
    summary |= {"completed": bool(session.outcome), "message_count": len(_messages(session))}
    header: JsonObject = {
        "version": VERSION, "status": "success" if session.outcome else "started", "eval": spec,
        "plan": {"name": "journeyman", "steps": [], "config": {}}, "results": _results(session),
        "stats": {"started_at": session.created_at, "completed_at": session.ended_at, "model_usage": sample["model_usage"]},
    }  # fmt: skip
    name = f"samples/{session.session_id}_epoch_1.json"
    files: dict[str, Json] = {
        "_journal/start.json": {"version": VERSION, "eval": spec, "plan": header["plan"]},
        name: sample, "_journal/summaries/1.json": [summary], "summaries.json": [summary], "header.json": header,
    }  # fmt: skip
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(
                zipfile.ZipInfo(path, _TIME), json.dumps(content, ensure_ascii=False), zipfile.ZIP_DEFLATED
            )
    return out.getvalue()


def _sample(session: SessionTrajectory, model: str) -> JsonObject:
    messages = _messages(session)
    answers = [row for row in messages if row["role"] == "assistant"]
    choices: list[Json] = [{"message": answers[-1], "stop_reason": "stop"}] if answers else []
    turns = session.turns
    tokens = {
        "input_tokens": sum(turn.input_tokens for turn in turns),
        "output_tokens": sum(turn.output_tokens for turn in turns),
    }
    usage: JsonObject = {model: {**tokens, "total_tokens": sum(tokens.values())}} if session.model else {}
    criteria = session.mission.get("criteria")
    wanted: list[Json] = (
        [str(row.get("id", "")) for row in criteria if isinstance(row, dict)] if isinstance(criteria, list) else []
    )
    return {
        "id": session.session_id, "epoch": 1, "input": session.directive, "target": wanted, "messages": [*messages],
        "output": {"model": model, "choices": choices}, "scores": _scores(session), "model_usage": usage,
        "metadata": {"mission": session.mission, "verdict": session.verdict, "outcome": session.outcome,
                     "iterations": [_iteration(turn) for turn in turns]},
        "store": {}, "events": [], "attachments": {},
    }  # fmt: skip


def _messages(session: SessionTrajectory) -> list[JsonObject]:
    rows: list[JsonObject] = [{"role": "user", "id": "directive", "content": session.directive}]
    for turn in session.turns:
        calls: list[Json] = [
            {"id": use.call_id, "function": use.tool, "arguments": use.arguments, "type": "function"}
            for use in turn.uses
        ]
        rows.append(
            {"role": "assistant", "id": f"iteration-{turn.index}", "content": turn.rationale, "tool_calls": calls,
             "source": "generate", "model": turn.model or turn.source}
        )  # fmt: skip
        for use in turn.uses:
            row: JsonObject = {
                "role": "tool", "id": f"result-{use.call_id}", "tool_call_id": use.call_id, "function": use.tool,
                "content": text_of(use.value) if use.value is not None or not use.error else "",
            }  # fmt: skip
            if use.error:
                row["error"] = {"type": "unknown", "message": use.error}
            rows.append(row)
    for attempt in session.attempts:
        said: list[JsonObject] = [
            {"role": "assistant", "id": f"attempt-{attempt.name}-{number}", "content": f"[{row.get('source')}] {row.get('type')}: "
             f"{text_of(row.get('what', ''))}"} for number, row in enumerate(attempt.steps)
        ]  # fmt: skip
        rows += said
    return rows


def _iteration(turn: IterationSteps) -> JsonObject:
    return {"iteration": turn.index, "proposed_by": turn.source, "verdict": turn.verdict}


def _scores(session: SessionTrajectory) -> JsonObject:
    """What Inspect shows as scores: the outcome, and each criterion's progress with its evidence."""
    if not session.outcome:
        return {}
    rows: JsonObject = {_SCORER: {"value": _value(session), "answer": session.outcome, "explanation": session.verdict}}
    for result in session.turns[-1].results if session.turns else ():
        met = result.status is CriterionStatus.MET
        rows[f"criterion {result.id}"] = {
            "value": 1.0 if met else result.progress, "answer": result.status.value, "explanation": text_of(result.evidence),
        }  # fmt: skip
    return rows


def _value(session: SessionTrajectory) -> str:
    return {"achieved": "C", "not_achieved": "I"}.get(session.outcome, "N")


def _results(session: SessionTrajectory) -> JsonObject | None:
    if not session.outcome:
        return None
    share = 1.0 if session.outcome == "achieved" else 0.0
    score: JsonObject = {
        "name": _SCORER,
        "scorer": _SCORER,
        "metrics": {"accuracy": {"name": "accuracy", "value": share}},
    }
    return {"total_samples": 1, "completed_samples": 1, "scores": [score]}
