"""HTML that is escaped by construction: text becomes `Html` only through `text`, elements only through `tag`."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Final, NewType

from journeyman.mission.values.printable import visible

Html = NewType("Html", str)
"""Markup that is safe to write into a page."""

NOTHING: Final = Html("")
_VOID: Final = frozenset({"br", "img", "input", "link", "meta"})


def text(value: str) -> Html:
    """Text as markup that shows it as it stands."""
    return Html(html.escape(visible(value)))


def tag(element: str, /, *content: Html, **attributes: str | None) -> Html:
    """An element; `class_` and `aria_label` become `class` and `aria-label`, attributes of `None` are left out."""
    told = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{html.escape(visible(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if element in _VOID:
        return Html(f"<{element}{told}>")
    return Html(f"<{element}{told}>{''.join(content)}</{element}>")


def joined(parts: Iterable[Html]) -> Html:
    """Pieces of markup as one."""
    return Html("\n".join(parts))
