"""Styles and scripts of pages: files of this package, which the report embeds and the viewer serves."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def resource(name: str, package: str = __package__ or "") -> str:
    """The text of a file beside the code."""
    return files(package).joinpath(name).read_text(encoding="utf-8")


def as_script(*parts: str) -> str:
    """Pieces of JavaScript as one script that leaves no name behind on the page."""
    whole = "\n".join(parts)
    return f'"use strict";\n{{\n{whole}}}\n'
