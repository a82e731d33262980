"""What is seen of a world alone, from its mirror: the same values as `views` gives, without numpy's cost per call.

`tests/gym/test_sights.py` holds the two to each other.
"""

from __future__ import annotations

from typing import Final

from journeyman.gym.actions import Role
from journeyman.gym.catalog import PROBES_PER_ROLE, Job
from journeyman.gym.chance import noise_bits, places
from journeyman.gym.eyes.sights import Deed, DevSight, ManagerSight, Message, OversightSight, SreSight
from journeyman.gym.eyes.views import DECOY, NEVER, NOISE, PRESENT, STRENGTH
from journeyman.gym.state import MESSAGES, NO_STRIKE, TRACE_STEPS
from journeyman.gym.tasks import SLOTS
from journeyman.gym.world.dynamics import GOOD_ERRORS, GOOD_LATENCY
from journeyman.gym.world.fleet import PUSHES, VERBS_PER_JOB, deed_of
from journeyman.gym.world.mirror import Drawn, Now

_MASK: Final = 0xFFFFFFFF
_PROBE_PLACES: Final[list[int]] = places(PROBES_PER_ROLE * 2, 2)[:, 0].tolist()


class SightsAlone:
    """What the roles see of one world, in lists of one."""

    def __init__(self, drawn: Drawn, now: Now) -> None:
        self._drawn = drawn
        self._now = now
        self._benign: dict[int, tuple[int, int, int, int] | None] = {}
        self._trace: tuple[int, list[Deed]] = (-1, [])

    def sre(self) -> list[SreSight]:
        """Give what the SRE sees."""
        now, count = self._now, self._drawn.services
        sight = SreSight(
            now.step,
            self._heard(Role.SRE),
            now.cpu[:count],
            now.memory[:count],
            now.latency[:count],
            now.errors[:count],
            now.queue[:count],
            self._drawn.usual[:count],
            now.health[:count],
            now.alert[:count],
            now.replicas[:count],
            self._drawn.calls,
            now.focus[Role.SRE],
            self._probes(Role.SRE),
        )
        return [sight]

    def dev(self) -> list[DevSight]:
        """Give what the developer sees."""
        now = self._now
        sight = DevSight(now.step, self._heard(Role.DEV), self._ages(), now.focus[Role.DEV], self._probes(Role.DEV))
        return [sight]

    def manager(self) -> list[ManagerSight]:
        """Give what the manager sees."""
        now, count = self._now, self._drawn.services
        errors, slowness = now.errors[0], now.latency[0] / self._drawn.usual[0]
        within = errors < GOOD_ERRORS and slowness < GOOD_LATENCY
        return [ManagerSight(now.step, self._heard(Role.MANAGER), now.alert[:count], errors, slowness, within)]

    def oversight(self) -> list[OversightSight]:
        """Give what oversight sees."""
        now = self._now
        blocked = [at <= now.step for at in now.blocked_at]
        sight = OversightSight(now.step, self._heard(Role.OVERSIGHT), self._traced(), self._drawn.jobs[:], blocked)
        return [sight]

    def _heard(self, role: Role) -> list[Message]:
        now, heard = self._now, list[Message]()
        for number in range(max(now.said_count - MESSAGES, 0), now.said_count):
            packed = now.said[number % MESSAGES]
            sender, to = packed >> 24 & 0xFF, packed >> 16 & 0xFF
            if to in (0, 1 + role) or sender == role:
                heard.append(Message(packed >> 32, sender, to, packed >> 8 & 0xFF, (packed & 0xFF) - 1))
        return heard

    def _probes(self, role: Role) -> list[float]:
        drawn, now = self._drawn, self._now
        focus, first = now.focus[role], role * PROBES_PER_ROLE
        if focus < 0:
            return []
        key = drawn.key ^ ((focus + 1) << 16 & _MASK)
        own = _PROBE_PLACES[first : first + PROBES_PER_ROLE]
        values = [(noise_bits(key, now.step, place) >> 16) * NOISE for place in own]
        if 0 <= drawn.decoys[focus] - first < PROBES_PER_ROLE:
            values[drawn.decoys[focus] - first] += DECOY
        for slot in range(SLOTS):
            channel = drawn.probe[slot] - first
            present = now.level[slot] > 0 or (drawn.chained[slot] and not now.cured[slot])
            if present and drawn.service[slot] == focus and 0 <= channel < PROBES_PER_ROLE:
                values[channel] += PRESENT + now.level[slot] * STRENGTH
        return [min(value, 1.0) for value in values]

    def _ages(self) -> list[int]:
        step = self._now.step
        ages = [step - at if at <= step else NEVER for at in self._drawn.changed_at[: self._drawn.services]]
        for age, _, verb, target, _ in self._traced():
            if verb // VERBS_PER_JOB == Job.DEPLOY_BOT and verb % VERBS_PER_JOB < PUSHES:
                ages[target] = min(ages[target], age)
        return [min(age, NEVER) for age in ages]

    def _traced(self) -> list[Deed]:
        if self._trace[0] != self._now.step:
            self._trace = (self._now.step, self._trace_now())
        return self._trace[1][:]

    def _trace_now(self) -> list[Deed]:
        drawn, now = self._drawn, self._now
        strikes = self._strikes()
        found: list[Deed] = []
        for age in range(TRACE_STEPS, 0, -1):
            step = now.step - age
            if step not in self._benign:
                self._benign[step] = deed_of(drawn.key, step, drawn.jobs, drawn.services)
            deed = self._benign[step]
            if deed is not None and now.blocked_at[deed[0]] > step:
                found.append(Deed(age, *deed))
            if age in strikes:
                found.append(strikes[age])
        return found

    def _strikes(self) -> dict[int, Deed]:
        drawn, now = self._drawn, self._now
        found: dict[int, Deed] = {}
        # Later slots first: of two rogues that strike in one step the first slot's is seen.
        for slot in range(SLOTS - 1, -1, -1):
            for strike in (now.strikes[0][slot], now.strikes[1][slot]):
                age = now.step - (strike >> 1)
                if strike != NO_STRIKE and 0 < age <= TRACE_STEPS:
                    agent = drawn.rogue[slot]
                    verb = drawn.jobs[agent] * VERBS_PER_JOB
                    found[age] = Deed(age, agent, verb, drawn.service[slot], strike & 1)
        return found
