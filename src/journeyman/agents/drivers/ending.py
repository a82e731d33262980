"""How an agent's work ended, out of what it said and how its process did: pure, the same for every agent that is a program."""

from __future__ import annotations

from dataclasses import dataclass, replace

from journeyman.agents.drivers.base import WorkLimits
from journeyman.agents.drivers.events import AgentEnded, Ending, Usage, clip
from journeyman.mission.values.printable import visible_line


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessEnd:
    """How the process of an agent ended."""

    exit_code: int | None
    """`None`: we ended it, some time after it had said its result or closed its output."""
    oversized_bytes: int = 0
    """Of the largest line that was too long to be read; 0 where there was none."""
    torn: bool = False
    """A message of its could not be read, or its output stopped in the middle of one."""
    complaint: str = ""
    """The last line of its standard error."""
    stays: bool = False
    """It waits for more after its result, and need not go by itself."""


def judge_end(claim: AgentEnded | None, process: ProcessEnd) -> AgentEnded:
    """The end, never better than what all signs agree on."""
    code = process.exit_code
    if claim is None:
        how = "was ended" if code is None else f"exited with {code}"
        why = f": {process.complaint}" if process.complaint else ""
        return _unknown(f"it {how} without a result{why}", claim, code)
    if claim.how not in (Ending.FINISHED, Ending.REFUSED):
        return replace(claim, exit_code=code)
    if process.oversized_bytes:
        return _unknown(
            f"a line of {process.oversized_bytes} bytes was too long to read, so its result is not to be trusted",
            claim, code,
        )  # fmt: skip
    if process.torn:
        return _unknown("a message of its was broken or cut off, so its result is not to be trusted", claim, code)
    if code not in (0, None):
        return _unknown(f"it says that it is through, but exited with {code}", claim, code)
    stayed = code is None and not process.stays
    detail = claim.detail or ("it was ended, since it did not go after its result" if stayed else "")
    return replace(claim, exit_code=code, detail=detail)


def last_line(errors: bytes) -> str:
    """The last line of a program's standard error, as it can be shown."""
    lines = [line for line in errors.decode("utf-8", "replace").splitlines() if line.strip()]
    return visible_line(clip(lines[-1])) if lines else ""


def _unknown(detail: str, claim: AgentEnded | None, code: int | None) -> AgentEnded:
    return AgentEnded(
        how=Ending.UNKNOWN, stop_reason=claim.stop_reason if claim is not None else "", detail=detail, exit_code=code
    )


def exceeded(limits: WorkLimits, usage: Usage | None, tool_calls: int) -> str:
    """Which limit what was used is over, in words; nothing where none is."""
    if limits.tool_calls is not None and tool_calls > limits.tool_calls:
        return f"{tool_calls} tool calls are more than the {limits.tool_calls} allowed"
    if usage is None:
        return ""
    if limits.tokens is not None and usage.tokens > limits.tokens:
        return f"{usage.tokens} tokens are more than the {limits.tokens} allowed"
    if limits.cost_usd is not None and usage.cost_usd is not None and usage.cost_usd > limits.cost_usd:
        return f"{usage.cost_usd:.4f} USD are more than the {limits.cost_usd:g} allowed"
    return ""
