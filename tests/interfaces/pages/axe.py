"""axe-core in the page that a browser shows: the faults that people with other senses, hands or screens would meet."""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from tests.interfaces.pages.browser import Browser


@cache
def _source() -> str:
    """The script, as the package carries it; the package itself, which drives a browser of its own, is not imported."""
    found = find_spec("axe_playwright_python")
    assert found is not None
    assert found.origin is not None
    return (Path(found.origin).parent / "axe.min.js").read_text("utf-8")


def violations(browser: Browser) -> list[str]:
    """What breaks a rule of axe-core, best practices included: the rule, and the elements."""
    browser.ask(f"{_source()}; null")
    found = json.loads(browser.ask("axe.run().then(({ violations }) => JSON.stringify(violations))"))
    return [f"{row['id']}: {[node['html'][:200] for node in row['nodes'][:5]]}" for row in found]
