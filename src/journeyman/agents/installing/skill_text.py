"""The Agent Skill: what a coding agent reads of the guard."""

from __future__ import annotations

from typing import Final

SKILL_NAME: Final = "journeyman-guard"
MARK: Final = "installed-by: journeyman guard install"
"""By this line a skill is known as ours."""
SKILL: Final = f"""\
---
name: {SKILL_NAME}
description: >-
  Checks work against the repository's own finish conditions. Use it before saying that a task is done, fixed or
  finished in a repository with a guard.yaml, and when a stop was blocked by "journeyman guard".
metadata:
  {MARK}
---

# Finish what guard.yaml asks for

A repository with a `guard.yaml` says there by which checks its work counts as done. When you stop, the guard runs them on a
copy of the files and sends you on with what is not met. It believes the checks, never what is said about them.

1. Before you say that you are done, run `PROGRAM guard check`. Exit code 0: all holds. 1: the lines with a cross say what
   was wanted and what was found. 3: a person has to approve something; say so and stop.
2. Mend the cause in the code. The files under `protect:` in `guard.yaml` (mostly tests) are judged as a person pinned
   them: editing or deleting them, `guard.yaml` or this hook changes no verdict, and is reported.
3. Where a check itself is wrong or cannot pass here, say which one and why, and leave it to the person: only a person
   accepts other checks, with `journeyman guard pin`.

No `guard.yaml` in the repository: there is nothing to do.
"""


def skill_text(program: str) -> str:
    """The skill, with the command as it can be typed from anywhere."""
    return SKILL.replace("PROGRAM", program)
