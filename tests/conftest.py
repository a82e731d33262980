"""What all tests share."""

from __future__ import annotations

import importlib.util
import signal
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Shells let what they run in the background ignore Ctrl-C, and so would all that tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
SLOW: Final = (
    # whole programs in processes of their own
    "acceptance", "docs/test_pages_run.py", "docs/test_quickstart.py", "docs/test_wheel.py", "crash", "engine/test_signals.py", "interfaces/pages/test_browser.py",
    "shape/test_surface.py::test_every_command_has_the_help_that_the_list_promises",
    # every adapter, server and agent against its contract
    "contract/test_advisors.py", "contract/test_catalog.py", "contract/test_sending.py", "tools/test_mcp_servers.py",
    "advisors/test_agent.py", "tools/test_isolated_function.py",
    # many worlds of the gym
    "gym/test_policies.py", "gym/test_train.py", "gym/test_parse.py",
    # thousands of generated cases
    "answers/test_damage.py", "answers/test_stream.py::test_previews_never_raise_and_end_with_the_value",
    "property/test_prompt.py", "property/test_canonical.py", "mission/test_expressions.py",
    "interfaces/pages/test_html.py::test_ten_thousand_iterations_stay_a_reasonable_file",
    # thousands of elements in each scheme and width
    "interfaces/pages/test_accessibility.py::test_axe_finds_nothing",
)  # fmt: skip
"""What `make test` leaves to `make test-all`: sweeps that take seconds each."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is slow, and what compares screens, which needs a machine that is not busy with other tests."""
    for item in items:
        place = f"{item.path.relative_to(ROOT).as_posix()}::{item.name.partition('[')[0]}"
        if place.startswith("acceptance/terminal/"):
            item.add_marker(pytest.mark.terminal)
        elif any(place == name or place.startswith((f"{name}/", f"{name}::")) for name in SLOW):
            item.add_marker(pytest.mark.slow)


if importlib.util.find_spec("hypothesis") is not None:  # the environments of OpenEnv, verifiers and TRL have none
    from hypothesis import settings

    # How long an example takes says how busy the machine is, not whether the rule holds.
    settings.register_profile("journeyman", deadline=None)
    settings.load_profile("journeyman")
