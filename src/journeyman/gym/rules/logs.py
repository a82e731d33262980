"""Which log lines the service has that a role looks at; `observe/logs.py` writes their text.

Most lines are ambient and mean nothing, some say what the metrics say too, and now and then one says what only a
closer look shows.
"""

from __future__ import annotations

from typing import Final

from journeyman.gym.actions import Role
from journeyman.gym.rules.rng import BEFORE, LOGS, block
from journeyman.gym.state import LOG_LINES, LOG_STEPS, Scenario, Scratch, WorldState
from journeyman.gym.tasks import MAX_SERVICES, SLOTS

AMBIENT: Final = 12
SYMPTOMS: Final = 4
"""Kinds of lines: first the ambient ones, then one per log flag, then one per probe."""
NUMBERS: Final = 90
_TOLD_FROM: Final = 0.1
_AMBIENT_OF_8: Final = 6
_TELLING_OF_8: Final = 3
_PROBERS: Final = int(Role.DEV)


def log_lines(scenario: Scenario, state: WorldState, scratch: Scratch, role: int, lines: list[int]) -> None:
    """Write the last steps' lines, oldest first, as `step << 16 | kind << 8 | number`; -1 is none."""
    for place in range(LOG_LINES):
        lines[place] = -1
    focus = state.focus[role]
    if focus < 0:
        return
    told = _told(scenario, state, role, focus)
    words, count = scratch.noise, 0
    for step in range(max(state.step - LOG_STEPS, 0), min(state.looked_at[role] + 1, state.step)):
        block(scenario.key, step + BEFORE, focus, LOGS, words, 0)
        for place in range(2):
            if words[place] & 7 < _AMBIENT_OF_8:
                lines[count] = _line(step, (words[place] >> 8) % AMBIENT, words[place])
                count += 1
        flag = _raised(state.log_flags[step % LOG_STEPS * MAX_SERVICES + focus], words[2] >> 8)
        if flag >= 0:
            lines[count] = _line(step, AMBIENT + flag, words[2])
            count += 1
        if told >= 0 and words[3] & 7 < _TELLING_OF_8:
            lines[count] = _line(step, AMBIENT + SYMPTOMS + told, words[3])
            count += 1


def _line(step: int, kind: int, word: int) -> int:
    return (step << 16) | (kind << 8) | ((word >> 16) % NUMBERS)


def _told(scenario: Scenario, state: WorldState, role: int, focus: int) -> int:
    """Tell what the telling lines of this service are about, if it is this role's to see."""
    for slot in range(SLOTS):
        if role <= _PROBERS and scenario.service[slot] == focus and state.level[slot] > _TOLD_FROM:
            return scenario.raises[slot * 2 + role]
    return -1


def _raised(flags: int, draw: int) -> int:
    """Choose one of the raised flags; -1 without any."""
    count = 0
    for bit in range(SYMPTOMS):
        count += (flags >> bit) & 1
    if count == 0:
        return -1
    chosen = draw % count
    for bit in range(SYMPTOMS):
        if (flags >> bit) & 1:
            if chosen == 0:
                return bit
            chosen -= 1
    return -1
