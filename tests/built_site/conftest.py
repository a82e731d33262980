"""One browser for the pages of the site."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.interfaces.pages.browser import Browser


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One chromium for all pages."""
    with Browser(tmp_path_factory.mktemp("browser")) as started:
        yield started
