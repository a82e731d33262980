"""`gym eval --isolate`: policy files play in processes of their own, and what went wrong there is said."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from journeyman.evaluation.isolated.confinement import readable_by_all
from journeyman.evaluation.isolated.policy_process import ACT_S, PolicyProcess
from journeyman.evaluation.policy_code import policy_code
from journeyman.interfaces.cli.terminal import say
from journeyman.mission.values.errors import InvalidInput, Problem


@contextmanager
def isolated_policies(
    names: Sequence[str], *, act_s: float | None, secrets: Iterable[Path], salted: bool, width: int
) -> Generator[dict[str, PolicyProcess]]:
    """The policy files among some policies, each in a process that can play; ended when this is left.

    Args:
        names: policies.
        act_s: how long a step of a batch may take; `None` is the usual.
        secrets: files that the processes must not be able to read.
        salted: whether the worlds are private.
        width: of the worlds that a policy is tried with.

    Raises:
        InvalidInput: there is nothing to isolate, a file cannot play, or it could read a secret.
    """
    codes = {name: code for name in names if (code := policy_code(name)) is not None}
    if not codes:
        hint = "--policy FILE.py:NAME; other policies hold no code of strangers"
        raise InvalidInput("--isolate", (Problem(where="", message="no policy is a file of code", hint=hint),))
    with ExitStack() as stack:
        opened: dict[str, PolicyProcess] = {}
        for name, code in codes.items():
            _check_apart(code.path, secrets)
            process = PolicyProcess(code, act_s=ACT_S if act_s is None else act_s)
            stack.callback(process.close)
            process.check(width)
            opened[name] = process
        if not all(process.confined for process in opened.values()):
            say(
                "this system has no Landlock: the policy runs apart, but can read your files, the salt among them, and "
                "reach the network; play it in a container",
                err=True,
            )
        if not salted:
            say("these worlds are public: a policy could know them by heart; --salt FILE makes private ones", err=True)
        yield opened
        for name, process in opened.items():
            if process.failures:
                count = len(process.failures)
                batches = "a batch" if count == 1 else f"{count} batches"
                say(f"{name} failed in {batches} and did nothing more there, last: {process.failures[-1]}", err=True)


def _check_apart(policy: Path, secrets: Iterable[Path]) -> None:
    readable = [one.resolve() for one in (policy.parent, *readable_by_all())]
    for secret in secrets:
        inside = [folder for folder in readable if secret.resolve().is_relative_to(folder)]
        if inside:
            message = f"the policy may read {inside[0]}, and so {secret}"
            problem = Problem(where=str(policy), message=message, hint="keep them in different folders")
            raise InvalidInput("--isolate", (problem,))
