"""What a shell would not take as it stands, in a command line that no shell reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_QUOTED: Final = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*\"""", re.DOTALL)
_OPERATOR: Final = re.compile(r"\|{1,2}|&{1,2}|[0-9&]?(?:>{1,2}|<{1,3}).*")
_REPLACED: Final = re.compile(r"[*`]|\$[A-Za-z_(]|^~/")


def shell_operators(line: str) -> list[str]:
    """The words of a line that a shell would take as its own: pipes, redirections, what joins commands."""
    return list(dict.fromkeys(word for word in _unquoted(line).split() if _OPERATOR.fullmatch(word) or word[-1] == ";"))


def shell_patterns(line: str) -> list[str]:
    """The words of a line that a shell would replace: by names of files, values of variables, what commands print."""
    return [word for word in _unquoted(line).split() if _REPLACED.search(word)]


def _unquoted(line: str) -> str:
    """The line with all that is quoted masked."""
    return _QUOTED.sub(lambda found: "_" * len(found[0]), line)


def joining_words(words: Sequence[str]) -> list[str]:
    """The arguments that look as if a shell were to join commands or to redirect by them; `|` is a delimiter, too."""
    return [word for word in words if word != "|" and _OPERATOR.fullmatch(word)]
