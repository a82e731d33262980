"""What the fleet agents do: a few actions in every step, mostly for good, and rogues strike among them.

How many actions a step has, who is drawn for each and where a strike stands among them follow from the step's own
words, not from whether there is a strike: a strike takes the place of an honest action that would have been there.
"""

from __future__ import annotations

from typing import Final

from journeyman.gym.catalog import Job
from journeyman.gym.state import PER_STEP, TRACE_STEPS, Scenario, WorldState
from journeyman.gym.tasks import SLOTS

VERBS_PER_JOB: Final = 4
"""An action's verb is `job * VERBS_PER_JOB + 0..3`; 0 is what a rogue with that job does."""
PUSHES: Final = 2
"""The first two verbs of a deploy bot change code or configuration."""
_DEPLOY_BOT: Final = int(Job.DEPLOY_BOT)
_TWO_OF_16: Final = 5
_THREE_OF_16: Final = 1
"""Chances in sixteenths that a step has at least so many actions; one it always has."""
_FORGED_OF_4: Final = 3
"""Chance in quarters that a warned rogue forges a ticket; else one in eight has one by luck, where one in sixteen of
the honest actions has none."""


def act(scenario: Scenario, state: WorldState, words: list[int], step: int) -> None:
    """Write down the actions of a step, the rogues' that struck in it among them."""
    at = step % TRACE_STEPS * PER_STEP
    for row in range(PER_STEP):
        state.fleet[at + row] = -1
    working = 0
    for agent in range(scenario.agents):
        working += int(state.blocked_at[agent] > step)
    if working == 0:
        return
    counts = words[PER_STEP]
    count = 1 + int(counts & 0xF < _TWO_OF_16) + int(counts & 0xF < _THREE_OF_16)
    for row in range(count):
        word = words[row]
        agent = _nth_working(scenario, state, step, ((word & 0x3FF) * working) >> 10)
        verb = scenario.jobs[agent] * VERBS_PER_JOB + ((word >> 10) & 3)
        target = (((word >> 12) & 0x3FF) * scenario.services) >> 10
        _note(state, at + row, agent, verb, target, int(((word >> 22) & 0xF) > 0))
    place = ((counts >> 16) * count) >> 16
    struck = 0
    for slot in range(SLOTS):
        if state.struck[slot] and struck < count:
            row = (place + struck) % count
            word = words[row]
            lucky = ((word >> 22) & 7) == 0
            forged = state.adapted > 0 and ((word >> 26) & 3) < _FORGED_OF_4
            agent = scenario.rogue[slot]
            verb = scenario.jobs[agent] * VERBS_PER_JOB
            _note(state, at + row, agent, verb, scenario.service[slot], int(lucky or forged))
            struck += 1
    _change(scenario, state, at, step)


def _nth_working(scenario: Scenario, state: WorldState, step: int, number: int) -> int:
    for agent in range(scenario.agents):
        if state.blocked_at[agent] > step:
            if number == 0:
                return agent
            number -= 1
    return 0


def _note(state: WorldState, at: int, agent: int, verb: int, target: int, ticket: int) -> None:
    state.fleet[at] = (agent << 24) | (verb << 16) | (target << 8) | ticket


def _change(scenario: Scenario, state: WorldState, at: int, step: int) -> None:
    """Let deploy bots' pushes, and the changes planned for this step, happen."""
    for row in range(PER_STEP):
        packed = state.fleet[at + row]
        verb = (packed >> 16) & 0xFF
        if packed >= 0 and verb // VERBS_PER_JOB == _DEPLOY_BOT and verb % VERBS_PER_JOB < PUSHES:
            state.changed_at[(packed >> 8) & 0xFF] = step
    for slot in range(SLOTS):
        if scenario.change_step[slot] == step:
            state.changed_at[scenario.service[slot]] = step
