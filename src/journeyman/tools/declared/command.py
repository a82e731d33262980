"""Programs as tools: the command line filled in, run without a shell unless that was asked for, its output read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

import anyio

from journeyman.mission.model.commands import CommandTool
from journeyman.mission.model.declared_tool import KEY_NAME, PLACEHOLDER
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.errors import Problem
from journeyman.tools.base import CallStatus, Result
from journeyman.tools.declared.definition import ArgumentRefused, as_text, filled_text, metrics_of, schema_problems
from journeyman.tools.metrics import MetricMapping, with_mapped
from journeyman.tools.processes.command_runner import CommandResult, run_command
from journeyman.tools.processes.environment import environment, expanded, find_program, missing_variables
from journeyman.tools.results import ResultCaps, classify_value, failed_result
from journeyman.tools.send_state import SendState

Argument: TypeAlias = "list[str] | None"
"""What becomes of one word of `run`: none, one or several arguments; `None` where it is left out."""
_KEY_VARIABLE: Final = "JOURNEYMAN_IDEMPOTENCY_KEY"
_ERROR_TAIL: Final = 300


@dataclass(frozen=True, slots=True)
class CommandBackend:
    """A command of the mission with all that a call of it needs."""

    name: str
    spec: CommandTool
    base_dir: Path | None
    caps: ResultCaps
    running: anyio.CapacityLimiter
    mapped: tuple[MetricMapping, ...] = ()
    """What the mission maps out of its results."""

    async def call(self, args: Mapping[str, Json], key: str, sending: SendState) -> Result:
        """Run it once; cancelling ends it with all that it started."""
        given = self.spec.with_defaults(args)
        try:
            argv = list(filled_argv(self.spec, given, key))
            variables = shell_variables(given) if self.spec.shell else {}
        except ArgumentRefused as refused:
            return failed_result("invalid_arguments", str(refused))
        async with self.running:
            sending.sent = True
            began_s = anyio.current_time()
            half = self.spec.output_bytes // 2
            ended = await run_command(
                [find_program(argv[0], self.base_dir), *argv[1:]],
                folder=(self.base_dir or Path.cwd()) / self.spec.cwd,
                environment=environment({**expanded(self.spec.env), **variables, _KEY_VARIABLE: key}),
                timeout_s=None if self.spec.timeout_s is None else float(self.spec.timeout_s),
                head_bytes=self.spec.output_bytes - half,
                tail_bytes=half,
                apart=True,
            )
        sending.sent = not ended.error
        return self._result(ended, round(anyio.current_time() - began_s, 3))

    def _result(self, ended: CommandResult, took_s: float) -> Result:
        if ended.error:
            return failed_result("not_started", ended.error)
        if ended.timed_out:
            text = f"it took longer than {self.spec.timeout_s:g} s and was ended{_last_words(ended)}"
            return failed_result("timeout", text, status=CallStatus.UNKNOWN)
        code = ended.exit_code
        if code is None or code < 0:
            how = "nobody saw how it ended" if code is None else f"signal {-code} ended it"
            return failed_result("worker_died", f"{how}{_last_words(ended)}", status=CallStatus.UNKNOWN)
        return self._judged(ended, code, took_s)

    def _judged(self, ended: CommandResult, code: int, took_s: float) -> Result:
        stdout, stderr = (part.decode("utf-8", "replace") for part in (ended.stdout, ended.output))
        own: JsonObject = {self.name: {"exit_code": code, "duration_s": took_s}}
        found = with_mapped(own, metrics_of(self.spec, self.mapped, fine=code == 0), stdout, f"{stdout}\n{stderr}")
        value: JsonObject = {
            "exit_code": code, "stdout": stdout, "stderr": stderr, "duration_s": took_s, "metrics": found,
        }  # fmt: skip
        result = classify_value(value, self.caps)
        if result.status is not CallStatus.DONE or code in accepted_codes(self.spec, code):
            return result
        text = f"it ended with exit code {code}{_last_words(ended)}"
        return replace(failed_result("exit_code", text), value=result.value, original_bytes=result.original_bytes)


def accepted_codes(spec: CommandTool, code: int) -> tuple[int, ...]:
    """The exit codes with which a command has done its work, of which `code` may be one."""
    if spec.exit_codes is not None:
        return (code,) if spec.exit_codes == "any" else tuple(spec.exit_codes)
    return (code,) if spec.only_looks else (0,)


def filled_argv(spec: CommandTool, given: JsonObject, key: str) -> Iterator[str]:
    """Program and arguments of one call; raises `ArgumentRefused`."""
    if spec.shell:
        yield from spec.argv
        return
    for word in spec.argv:
        yield from _filled(word, spec, {**given, KEY_NAME: key}) or ()


def _filled(word: str, spec: CommandTool, given: JsonObject) -> Argument:
    whole = PLACEHOLDER.fullmatch(word)
    several = given.get(whole[1]) if whole is not None else None
    if whole is not None and isinstance(several, list):
        return [_argument(word, spec, {**given, whole[1]: item}) or "" for item in several]
    text = _argument(word, spec, given)
    return None if text is None else [text]


def _argument(word: str, spec: CommandTool, given: JsonObject) -> str | None:
    """One argument, which no value makes an option: what counts is how the whole of it begins."""
    text = filled_text(word, given, _without_nul)
    if text is None or not text.startswith("-") or word.startswith("-"):
        return text
    leading = _leading_parameters(word, given)
    name, value = leading[-1], given[leading[-1]]
    bounded = {"pattern", "enum", "const"} & spec.parameters.get(name, {}).keys()
    if as_text(value) and (bounded or not isinstance(value, str)):
        return text
    raise ArgumentRefused(
        f"{' and '.join(leading)}: {text[:80]!r} begins with '-', which the program may read as an option; where it may be"
        f" one, allow it with a `pattern` or `enum` under `parameters`"
    )


def _leading_parameters(word: str, given: JsonObject) -> list[str]:
    """The parameters at a word's beginning, up to the first that is not empty."""
    names: list[str] = []
    end = 0
    for found in PLACEHOLDER.finditer(word):
        if found.start() != end or found[1] not in given or (names and as_text(given[names[-1]])):
            break
        names.append(found[1])
        end = found.end()
    return names


def _without_nul(name: str, value: Json) -> str:
    text = as_text(value)
    if "\0" in text:
        raise ArgumentRefused(f"{name}: holds a NUL character, which no argument can")
    return text


def shell_variables(given: JsonObject) -> dict[str, str]:
    """The parameters as a shell line sees them; those without a value are not set."""
    texts = {name: as_text(value) for name, value in given.items() if value is not None}
    if wrong := next((name for name, text in texts.items() if "\0" in text), None):
        raise ArgumentRefused(f"{wrong}: holds a NUL character, which no variable can")
    return texts


def _last_words(ended: CommandResult) -> str:
    words = (ended.output or ended.stdout).decode("utf-8", "replace").strip()
    return f": {words[-_ERROR_TAIL:]}" if words else ""


def command_problems(where: str, spec: CommandTool, base_dir: Path | None) -> Iterator[Problem]:
    """What keeps a command from running."""
    program = Path(find_program(spec.argv[0], base_dir))
    bare = len(Path(spec.argv[0]).parts) == 1
    if bare and not program.is_absolute():
        hint = "install it, or write its path; a line that only a shell understands needs `shell: true`"
        yield Problem(where=f"{where}.run", message=f"there is no program {spec.argv[0]!r}", hint=hint)
    folder = (base_dir or Path.cwd()) / spec.cwd
    if not folder.is_dir():
        yield Problem(where=f"{where}.cwd", message=f"{spec.cwd!r} is no folder", hint=f"looked for {folder}")
    yield from missing_variables(f"{where}.env", spec.env)
    yield from schema_problems(where, spec)
