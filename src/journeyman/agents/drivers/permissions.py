"""What an agent may do without asking a person, and what never: by the kind of call and where its files lie."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from journeyman.agents.drivers.events import PermissionAsked, ToolKind


class Access(StrEnum):
    """An answer, or who gives it."""

    ALLOW = "allow"
    REFUSE = "refuse"
    ASK = "ask"
    """A person; where there is nobody to ask, it is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionPolicy:
    """One answer for each kind of call.

    An agent that asks is answered by this. One that cannot ask is started with its own settings for it, and what would
    ask is refused there. Neither confines a hostile one: a command that is allowed may do anything its user may.
    """

    read: Access = Access.ALLOW
    write: Access = Access.ALLOW
    execute: Access = Access.ALLOW
    fetch: Access = Access.ALLOW
    call: Access = Access.ALLOW
    outside: Access = Access.REFUSE
    """Where a path that the call names leads out of the working copy; the stricter of the two answers holds."""

    def of_kind(self, kind: ToolKind) -> Access:
        """The answer inside the working copy."""
        match kind:
            case ToolKind.READ:
                return self.read
            case ToolKind.WRITE:
                return self.write
            case ToolKind.EXECUTE:
                return self.execute
            case ToolKind.FETCH:
                return self.fetch
            case ToolKind.CALL:
                return self.call

    def decide(self, asked: PermissionAsked, workspace: Path) -> Access:
        """The answer to a request."""
        answers = [self.of_kind(asked.kind)]
        if any(not leads_inside(path, workspace) for path in asked.paths):
            answers.append(self.outside)
        return min(answers, key=(Access.REFUSE, Access.ASK, Access.ALLOW).index)

    def allows(self, kind: ToolKind) -> bool:
        """Tell whether a kind is allowed with nobody asked."""
        return self.of_kind(kind) is Access.ALLOW


def leads_inside(path: str, workspace: Path) -> bool:
    """Tell whether a path, of links resolved, lies in a folder. What cannot be a path does not."""
    try:
        root = os.path.realpath(workspace)
        whole = os.path.realpath(os.path.join(root, path))  # noqa: PTH118 - a path of any system, as text
    except (ValueError, OSError):
        return False
    return whole == root or whole.startswith(root.rstrip(os.sep) + os.sep)
