"""Looks at pages as they were built: every link, picture and heading they name is there, and nothing comes from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

_LOADED: Final = {"img": "src", "script": "src", "source": "src", "iframe": "src", "link": "href"}
"""Attributes whose address a browser fetches by itself."""
_ONLY_NAMED: Final = ("canonical", "prev", "next", "alternate")
"""Relations of `link` that nobody fetches."""


@dataclass
class _Page(HTMLParser):
    """What a page links to, what it loads, and where others may link to in it."""

    links: list[str] = field(default_factory=list[str])
    loads: list[str] = field(default_factory=list[str])
    anchors: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag says."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in _LOADED and given.get(_LOADED[tag]) and given.get("rel") not in _ONLY_NAMED:
            self.loads.append(given[_LOADED[tag]])


def faults_of(site: Path) -> list[str]:
    """Whatever leads nowhere, or would be fetched from another machine, with the page that says so."""
    pages: dict[Path, _Page] = {}
    for path in sorted(site.rglob("*.html")):
        pages[path] = _Page()
        pages[path].feed(path.read_text(encoding="utf-8"))
    return [
        f"{path.relative_to(site)}: {fault}"
        for path, page in pages.items()
        if path.name != "404.html"  # its addresses begin at the root of a site that is served
        for fault in _faults(site, path, page, pages)
    ]


def _faults(site: Path, path: Path, page: _Page, pages: dict[Path, _Page]) -> Iterator[str]:
    for address in page.loads:
        if urlsplit(address).netloc:
            yield f"loads {address} from another machine"
    for address in [*page.links, *page.loads]:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if target.is_dir():
            target /= "index.html"
        if not target.is_relative_to(site.resolve()) or not target.exists():
            yield f"{address} leads nowhere"
        elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
            yield f"{address} names a heading that is not there"
