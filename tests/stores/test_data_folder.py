"""Where records lie, found without the settings' own reader: never elsewhere than where the settings say."""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path

import pytest

from journeyman.config import load_settings
from journeyman.stores.data_folder import default_data_folder, settings_path, tenant_folder

FILES = ("", "data_dir = '/from/file'\n", "tenant = 'file'\ndata_dir = '~/here'\n", "tenant = 'file'\n")
VARIABLES = (
    {},
    {"JOURNEYMAN_DATA_DIR": "/from/variable"},
    {"JOURNEYMAN_TENANT": "variable"},
    {"JOURNEYMAN_DATA_DIR": "~/there", "JOURNEYMAN_TENANT": "variable"},
    {"XDG_DATA_HOME": "/xdg"},
    {"XDG_DATA_HOME": "not/absolute"},
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of our own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("JOURNEYMAN_DATA_DIR", "JOURNEYMAN_TENANT", "JOURNEYMAN_CONFIG", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.parametrize("number", range(len(FILES) * len(VARIABLES)))
def test_the_short_way_finds_what_the_settings_say(number: int, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file with every choice of variables."""
    text, variables = list(product(FILES, VARIABLES))[number]
    (home / "config.toml").write_text(text)
    monkeypatch.setenv("JOURNEYMAN_CONFIG", str(home / "config.toml"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert Path(tenant_folder()) == settings.data_dir.resolve() / settings.tenant


def test_the_settings_file_is_found_where_it_is_looked_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the home, or where the variable of the platform says."""
    assert settings_path() == str(home / ".config" / "journeyman" / "config.toml")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/settings")
    assert settings_path() == "/settings/journeyman/config.toml"


def test_without_a_file_the_platform_says(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the settings do that nobody wrote."""
    monkeypatch.setenv("JOURNEYMAN_CONFIG", str(home / "none.toml"))
    assert Path(tenant_folder()) == load_settings().data_dir.resolve() / "default"


def test_a_file_that_cannot_be_read_says_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who read all of it tell what is wrong."""
    (home / "config.toml").write_text("= no TOML")
    monkeypatch.setenv("JOURNEYMAN_CONFIG", str(home / "config.toml"))
    assert Path(tenant_folder()) == home / ".local" / "share" / "journeyman" / "default"


def test_other_platforms_have_their_own_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the library that knows them all says."""
    monkeypatch.setattr(sys, "platform", "darwin")
    assert default_data_folder().endswith("journeyman")
    assert settings_path().endswith("config.toml")
