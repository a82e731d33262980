"""What stands around an answer: reasoning, fences, tags of tool calls, and what begins like an object."""

from __future__ import annotations

import re
from typing import Final

from journeyman.answers.token_patterns import QUOTES, SPACE
from journeyman.answers.token_patterns import REASONING_NAMES as _NAMES

_PAIRS: Final = (
    # opening mark, closing mark; both as patterns
    (r"\[THINK\]", r"\[/THINK\]"),
    (r"◁think▷", r"◁/think▷"),
    (r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),
    (r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),
    (r"<unused94>", r"<unused95>"),
    # Harmony: what is said in the analysis channel ends where the next message begins.
    (
        r"(?:<\|start\|>assistant)?<\|channel\|>analysis[^<]{0,64}<\|message\|>",
        r"<\|end\|>|(?=<\|start\|>|<\|channel\|>)",
    ),
)
_OPENERS: Final = [(re.compile(opener, re.IGNORECASE), re.compile(closer, re.IGNORECASE)) for opener, closer in _PAIRS]
_OPEN_TAG: Final = re.compile(rf"<({_NAMES})(?:\s[^<>]{{0,200}})?>", re.IGNORECASE)
_CLOSE_TAGS: Final = {
    name: re.compile(rf"</{name}\s{{0,8}}>", re.IGNORECASE)
    for name in [*_NAMES.replace("ant_?thinking", "antthinking|ant_thinking").split("|")]
}
_FIRST: Final = "".join(sorted({name[0] + name[0].upper() for name in _NAMES.split("|")}))
"""What the names may begin with: one look at it spares the search most tags of other names."""
REASONING_END: Final = re.compile(
    rf"[<\[◁](?=(?-i:/[{_FIRST}]|\|[eE]))(?:(?<=<)/(?:{_NAMES})\s{{0,8}}>|(?<=\[)/THINK\]|(?<=◁)/think▷"
    r"|(?<=<)\|end_of_thought\|>|(?<=<)\|END_THINKING\|>)",
    re.IGNORECASE,
)
"""A closing mark alone says that everything before it was reasoning: templates often hold the opening one."""

LEAD: Final = re.compile(
    rf"(?:[{SPACE}]"
    r"|(?:```|~~~)`{0,8}[\w+.-]{0,32}[^\S\n]*+(?:\n|(?=[{\[]))"
    r"|</?tool_calls?>|<function=[\w.:-]{1,128}>|<function_call>"
    r"|\[TOOL_CALLS\](?:[\w.-]{1,128}\[ARGS\])?"
    r"|(?:<\|start\|>assistant)?<\|channel\|>(?:final|commentary to=)[^<]{0,128}(?:<\|constrain\|>\w{1,16})?<\|message\|>"
    r"|<\|start_header_id\|>assistant<\|end_header_id\|>|<\|im_start\|>assistant(?=\s)"
    r"|<\|(?!channel|start\||START_THINKING|begin_of_thought)\w{1,64}\|>"
    r"|</?s>)*+",
)
"""What may precede an object that is the answer: white space, an opening fence, the tag of a tool call."""

_KEY: Final = r"[^\W\d][\w$-]{0,127}[\"']?\s{0,32}(?:[:：]|$)"
OBJECT: Final = re.compile(
    rf"\{{(?=[{SPACE},]*+(?:\}}|$|[{QUOTES}]|//|/\*|\#"
    rf"|-?\d{{1,20}}\s{{0,8}}:|(?:{_KEY})|\\+\"|\\n|&quot;|&\#34;))",
    re.DOTALL,
)
STRONG: Final = re.compile(rf"\{{[{SPACE}]*+(?:[{QUOTES}]|$|//|/\*|\\|&)|\[")
"""An object that begins in a way that prose does not."""
ARRAY: Final = re.compile(rf"\[(?=[{SPACE}]*+(?:\{{|\[|$|\"\s*+\{{))")
ANY_ARRAY: Final = re.compile(rf"\[(?=[{SPACE}]*+(?:[{QUOTES}{{\[\]]|$|-?\d|true|false|null|True|False|None))")
ANGLE_TAG: Final = re.compile(
    rf"<(?=(?-i:/?+[{_FIRST}|uU]))(?=/?(?:{_NAMES})[\s>]"
    r"|\|(?:channel|start|begin_of_thought|end_of_thought|START_THINKING|END_THINKING)\|>|unused94)",
    re.IGNORECASE,
)
SQUARE_TAG: Final = re.compile(r"\[(?=/?THINK\])", re.IGNORECASE)
ROUND_TAG: Final = re.compile(r"◁")

BALANCE: Final = re.compile(
    # The set at the front lets the search pass over prose; what follows looks back at the sign that it found.
    rf"[\\\"{{}}\[\]\n<](?:(?<=\\).(?:\\.)*+|(?<=\")(?:[^\"\\\n]|\\.)*+\"|(?<=[{{}}\[\]])|(?<=\n)[ \t]*+```"
    rf"|(?<=<)/(?:{_NAMES})\s{{0,8}}>)",
    re.IGNORECASE,
)
"""Brackets, and what may hide them or end them: escapes, strings on one line, fences, the end of reasoning."""


def unmatched_closer(text: str, pos: int, *, fences: bool = True) -> re.Match[str] | None:
    """The first closer behind `pos` that no bracket opened there, or the mark that ends all before it.

    Such a mark is the end of reasoning, and a fence unless `fences` is false: then the text stands in none.
    """
    depth = 0
    for found in BALANCE.finditer(text, pos):
        sign = found[0]
        if sign in "{[":
            depth += 1
        elif sign in "}]":
            depth -= 1
            if depth < 0:
                return found
        elif sign.startswith("</") or (fences and sign.endswith("```")):
            return found
    return None


def reasoning_closer(text: str, pos: int) -> tuple[int, re.Pattern[str]] | None:
    """Where the opening mark of reasoning at `pos` ends and the pattern of its closing mark, or `None`."""
    if found := _OPEN_TAG.match(text, pos):
        return found.end(), _CLOSE_TAGS[found[1].lower()]
    for opener, closer in _OPENERS:
        if found := opener.match(text, pos):
            return found.end(), closer
    return None


def tags_in(text: str) -> tuple[re.Pattern[str], ...]:
    """The patterns of tags that the text may hold; a text without such a sign is not searched for it."""
    return tuple(
        pattern for sign, pattern in (("<", ANGLE_TAG), ("THINK]", SQUARE_TAG), ("◁", ROUND_TAG)) if sign in text
    )
