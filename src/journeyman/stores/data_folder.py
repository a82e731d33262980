"""Where records lie on this machine: found without reading anything that is slow to load.

A hook asks this each time that an agent stops, in repositories that have no guard, too: platformdirs alone takes longer to
load than all that is left to do there.
"""

from __future__ import annotations

import os
import sys

PREFIX = "JOURNEYMAN_"
_NAME = "journeyman"


def default_data_folder() -> str:
    """The platform's folder for data of a user's programs."""
    if sys.platform == "linux":
        return _xdg("XDG_DATA_HOME", ".local/share")
    import platformdirs  # noqa: PLC0415  # see above: where the short way is known, it is not loaded

    return platformdirs.user_data_dir(_NAME, appauthor=False)


def settings_path() -> str:
    """The path of the settings file; it need not exist."""
    if named := os.environ.get(f"{PREFIX}CONFIG"):
        return named
    if sys.platform == "linux":
        return os.path.join(_xdg("XDG_CONFIG_HOME", ".config"), "config.toml")  # noqa: PTH118  # pathlib is slow to load
    import platformdirs  # noqa: PLC0415  # as above

    return os.path.join(platformdirs.user_config_dir(_NAME, appauthor=False), "config.toml")  # noqa: PTH118


def tenant_folder(data_dir: str = "") -> str:
    """The folder of the tenant that variables and settings file name: what full settings say, for those in a hurry.

    `data_dir` is what the command line names.
    """
    wanted = {
        "data_dir": data_dir or os.environ.get(f"{PREFIX}DATA_DIR", ""),
        "tenant": os.environ.get(f"{PREFIX}TENANT", ""),
    }
    if not all(wanted.values()):
        found = _settings(settings_path())
        wanted = {name: value or str(found.get(name, "")) for name, value in wanted.items()}
    data = os.path.realpath(os.path.expanduser(wanted["data_dir"] or default_data_folder()))  # noqa: PTH111
    return os.path.join(data, wanted["tenant"] or "default")  # noqa: PTH118


def _xdg(variable: str, below_home: str) -> str:
    named = os.environ.get(variable, "")
    base = named if os.path.isabs(named) else os.path.join(os.path.expanduser("~"), below_home)  # noqa: PTH111, PTH117, PTH118
    return os.path.join(base, _NAME)  # noqa: PTH118


def _settings(path: str) -> dict[str, object]:
    """The settings file's values; none where it cannot be read, which is told by those who read all of it."""
    if not os.path.isfile(path):  # noqa: PTH113
        return {}
    import tomllib  # noqa: PLC0415  # most have no such file

    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return tomllib.load(file)
    except (OSError, ValueError):
        return {}
