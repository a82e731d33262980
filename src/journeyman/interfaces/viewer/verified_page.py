"""What a check of a record found: its chain, its blobs, and everything derived from it."""

from __future__ import annotations

from journeyman.interfaces.pages.elements import pill, terms
from journeyman.interfaces.pages.markup import tag, text
from journeyman.interfaces.viewer.addresses import of_session
from journeyman.interfaces.viewer.frame import Page, heading
from journeyman.mission.report.plain_text import one_line
from journeyman.stores.base import Summary
from journeyman.stores.verify import VerifyResult


def verified_page(row: Summary, found: VerifyResult) -> Page:
    """The page of a check."""
    facts = [
        ("Events that hold", f"{found.events:,}"),
        ("Blobs read", f"{found.blobs:,}"),
        ("Head", f"{found.head.seq}:{found.head.hash.hex()}"),
        ("First event that does not", "" if found.bad_seq is None else f"{found.bad_seq:,}"),
        ("What is wrong", one_line(found.problem, 1000)),
    ]
    words = "The chain holds" if found.holds else "The record is not what was written"
    shown = tag(
        "p", pill("verified" if found.holds else "broken", "good" if found.holds else "bad"), text(f" {words}.")
    )
    listed = tag("dl", *terms((name, value) for name, value in facts if value), class_="facts wide")
    back = tag("p", tag("a", text(f"Session {row.session_id}"), href=of_session(row.session_id)))
    return Page(
        title=f"{words}: {one_line(row.name, 100)}",
        header=heading("Check of a record", one_line(row.name, 200), above="Record"),
        parts=[tag("section", shown, listed, id="result", aria_label="Result"), back],
        here="/",
    )
