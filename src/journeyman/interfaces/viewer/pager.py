"""Long lists a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from journeyman.interfaces.pages.markup import NOTHING, Html, tag, text

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Paged(Generic[T]):
    """One page of a list."""

    rows: Sequence[T]
    page: int
    """From 1."""
    pages: int
    count: int
    """Of all pages."""


def paged(rows: Sequence[T], asked: str, size: int) -> Paged[T]:
    """The page that was asked for, the nearest one where there is no such page."""
    pages = max(1, -(-len(rows) // size))
    page = min(pages, max(1, int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 1))
    return Paged(rows[(page - 1) * size : page * size], page, pages, len(rows))


def pager(found: Paged[T], what: str, link: Callable[[int], str]) -> Html:
    """Links to the pages beside this one; nothing where there is only one."""
    if found.pages == 1:
        return NOTHING
    steps = [
        _step("First", 1, found.page == 1, link),
        _step("Previous", found.page - 1, found.page == 1, link),
        tag("span", text(f"Page {found.page:,} of {found.pages:,}")),
        _step("Next", found.page + 1, found.page == found.pages, link),
        _step("Last", found.pages, found.page == found.pages, link),
    ]
    return tag("nav", *steps, class_="pager", aria_label=f"Pages of {what}")


def _step(words: str, page: int, off: bool, link: Callable[[int], str]) -> Html:  # noqa: FBT001  # four calls, all above
    if off:
        return tag("span", text(words), class_="button off", aria_disabled="true")
    return tag("a", text(words), href=link(page), class_="button")
