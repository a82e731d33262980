"""One world alone, in plain Python numbers: the same bits as the batch, without numpy's cost per call.

A batch of one spends its time on calling numpy some two hundred times per step. This twin does the same arithmetic in
the same order on lists; `tests/gym/test_solo.py` holds the two to each other, which also checks each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from journeyman.gym.actions import HANDS, MAX_REPLICAS, ROLES, ActionType, Role, Topic
from journeyman.gym.catalog import EFFECTS, Failure
from journeyman.gym.chance import noise_bits, places
from journeyman.gym.draw.topology import REACH
from journeyman.gym.state import MARKS, MESSAGES, NEVER_BLOCKED, Incident, Live
from journeyman.gym.tasks import SLOTS
from journeyman.gym.world.dynamics import (
    DOWN_ROOM,
    ERROR_REACH,
    FALL,
    GOOD_ERRORS,
    GOOD_LATENCY,
    PER_CPU,
    PER_ERRORS,
    PER_MEMORY,
    SHED_AFTER,
    SMOOTH,
    STRIKE_GAP,
    STRIKE_GAP_WARNED,
)
from journeyman.gym.world.fleet import ticket_of_strike
from journeyman.gym.world.hands import COOLING_STEPS, QUIET_STEPS, RELIEF
from journeyman.gym.world.mirror import Drawn, Now

Row: TypeAlias = "Sequence[int]"
"""One action: type, target, arg, to."""

_MASK: Final = 0xFFFFFFFF
_HALF: Final = 1 << 31
_UNIT31: Final = 2.0**-31
_ALLOWED: Final = tuple(frozenset(int(one) for one in HANDS[role]) for role in Role)
_STRIKE_PLACES: Final[list[int]] = places(SLOTS, 3)[:, 0].tolist()
_NOOP: Final = int(ActionType.NOOP)
_COMMUNICATE: Final = int(ActionType.COMMUNICATE)
_RESTART: Final = int(ActionType.RESTART)
_ROLLBACK: Final = int(ActionType.ROLLBACK)
_SCALE: Final = int(ActionType.SCALE)
_FLAG: Final = int(ActionType.FLAG_ROGUE)
_IDENTIFY: Final = int(ActionType.IDENTIFY_ROOT_CAUSE)
_ESCALATE: Final = int(ActionType.ESCALATE)
_RESOLVE: Final = int(ActionType.RESOLVE)
_SUSPECT: Final = int(Topic.SUSPECT)


class Solo:
    """The mirror of a batch of one; `step` moves it and `flush` writes it back."""

    def __init__(self, incident: Incident, live: Live) -> None:
        self._live = live
        self.drawn: Final = Drawn(incident)
        self.now: Final = Now(live)
        self._effects: list[list[float]] = [[0.0] * len(EFFECTS) for _ in range(self.drawn.services)]
        for slot in range(SLOTS):
            self._affect(slot)

    def flush(self) -> None:
        """Write the mirror back into the arrays."""
        self.now.write(self._live)

    def step(self, rows: Sequence[Row], clock: int, *, chat: bool) -> bool:
        """Move one step and tell whether the manager closed the incident."""
        closing = False
        for role, (kind, target, arg, to) in enumerate(rows):
            waits = kind == _NOOP and target < 0
            if not waits and (chat or kind != _COMMUNICATE):
                closing = self._act(role, kind, target, arg, to) or closing
        self._grow()
        self._flow()
        self._judge(clock)
        self.now.step += 1
        return closing

    def _act(self, role: int, kind: int, target: int, arg: int, to: int) -> bool:
        d = self.drawn
        about_agent = kind == _FLAG or (kind == _COMMUNICATE and arg == _SUSPECT)
        inside = 0 <= target < (d.agents if about_agent else d.services)
        if kind == _NOOP:
            if inside:
                self.now.focus[role] = target
            return False
        aimed = _RESTART <= kind <= _ESCALATE
        if kind not in _ALLOWED[role] or (aimed and not inside):
            return False
        if kind == _COMMUNICATE:
            self._say(role, target if inside else -1, arg, to)
        elif kind == _FLAG:
            self._flag(target)
        elif kind == _IDENTIFY:
            self._claim(role, target, arg)
        elif kind == _RESOLVE:
            return True
        else:
            self._mend(role, kind, target, arg)
        return False

    def _say(self, role: int, about: int, topic: int, to: int) -> None:
        s = self.now
        to, topic = min(max(to, 0), ROLES), min(max(topic, 0), 255)
        packed = (s.step << 32) + (role << 24) + (to << 16) + (topic << 8) + about + 1
        self.now.said[s.said_count % MESSAGES] = packed
        s.said_count += 1

    def _mend(self, role: int, kind: int, target: int, arg: int) -> None:
        d, s, useful = self.drawn, self.now, False
        for slot in range(SLOTS):
            if d.service[slot] != target or s.step < d.onset[slot] or s.cured[slot]:
                continue
            enough = kind != _SCALE or arg >= d.needed[slot]
            if kind == d.cure[slot] and s.timer[slot] == 0 and enough:
                s.timer[slot] = d.delay[slot] + 1
                useful = True
            if kind == d.relief[slot] and not s.relieved[slot]:
                s.level[slot] -= s.level[slot] * (1.0 - RELIEF)
                s.relieved[slot] = useful = True
        if not useful:
            s.wrong_acts[role] += 1
        if kind == _SCALE:
            s.replicas[target] = float(min(max(arg, 1), MAX_REPLICAS))
        elif kind in (_RESTART, _ROLLBACK):
            s.down[target] = COOLING_STEPS[kind]
            s.queue[target] = 0.0

    def _flag(self, agent: int) -> None:
        d, s = self.drawn, self.now
        if s.blocked_at[agent] != NEVER_BLOCKED:
            return
        s.blocked_at[agent] = s.step
        if agent in d.rogue:
            s.caught += 1
            s.rogue_live = [live and rogue != agent for live, rogue in zip(s.rogue_live, d.rogue, strict=True)]
            return
        s.false_flags += 1
        s.wrong_acts[Role.OVERSIGHT] += 1
        s.adapted = True
        s.strike_at = [max(at, s.step + QUIET_STEPS) for at in s.strike_at]

    def _claim(self, role: int, target: int, failure: int) -> None:
        d, s = self.drawn, self.now
        right = False
        for slot in range(SLOTS):
            if d.service[slot] == target and d.kind[slot] == failure and d.root[slot]:
                s.named[slot] = right = True
        if d.quiet and failure == Failure.NONE:
            s.named_none = right = True
        if not right:
            s.wrong_claims += 1
            s.wrong_acts[role] += 1

    def _grow(self) -> None:
        d, s, step = self.drawn, self.now, self.now.step
        if d.chained[1] and s.cured[0] and step < d.onset[1]:
            s.cured[1] = True
        gap = STRIKE_GAP + STRIKE_GAP_WARNED * s.adapted
        for slot in range(SLOTS):
            timer = s.timer[slot]
            if timer:
                s.timer[slot] = timer - 1
                if timer == 1:
                    s.cured[slot] = True
                    s.strike_at[slot] = max(s.strike_at[slot], step + gap)
            onset = d.onset[slot]
            if s.rogue_live[slot] and ((s.cured[slot] and step >= s.strike_at[slot]) or (step == onset and step > 0)):
                self._strike(slot)
            goal = 1.0 if step >= onset and not s.cured[slot] and step < d.end[slot] else 0.0
            level = s.level[slot]
            change = min(goal - level, d.rise[slot])
            s.level[slot] = level = level + max(change, -FALL)
            self._affect(slot)

    def _affect(self, slot: int) -> None:
        service, level = self.drawn.service[slot], self.now.level[slot]
        if service >= 0:
            square = level * level
            self._effects[service] = [effect * square for effect in self.drawn.effects[slot]]

    def _strike(self, slot: int) -> None:
        d, s = self.drawn, self.now
        s.cured[slot] = False
        bits = noise_bits(d.key, s.step, _STRIKE_PLACES[slot])
        s.strikes[1][slot] = s.strikes[0][slot]
        s.strikes[0][slot] = s.step * 2 + ticket_of_strike(bits, s.adapted)

    def _flow(self) -> None:
        # One flat loop over locals, without calls: a call per service would double the cost of a step.
        d, s = self.drawn, self.now
        served_before, errors_before, latency_before = s.served, s.errors, s.latency
        served_now: list[float] = []
        errors_now: list[float] = []
        latency_now: list[float] = []
        breakers, downs, queues, cpus, memories = s.breaker, s.down, s.queue, s.cpu, s.memory
        replicas, retry = s.replicas, d.retry
        salt = (d.key + s.step * 0x9E3779B9) & _MASK
        wave = float(abs(((s.step * d.speed + d.phase) & 63) - 32))
        door = d.traffic * (wave * 0.005 + 0.92)
        parts = zip(d.parts, self._effects, strict=True)
        for (number, capacity, first, second, weight, other, below, base, resting, place), effects in parts:
            word = salt ^ place
            word = ((word ^ (word >> 16)) * 0x7FEB352D) & _MASK
            word = ((word ^ (word >> 15)) * 0x846CA68B) & _MASK
            word ^= word >> 16
            shake = (word - 4294967296 if word >= _HALF else word) * _UNIT31
            inflow = served_before[first] * weight + served_before[second] * other if number else door
            error, breaker, down = errors_before[number], breakers[number], downs[number]
            loss, fails, lags, fills = effects
            offered = inflow * (retry * error + 1.0) * (1.0 - breaker * 0.8) * (shake * 0.06 + 1.0)
            nominal = capacity * replicas[number]
            room = nominal * (1.0 - loss)
            if down > 0:
                room = room * DOWN_ROOM
                downs[number] = down - 1.0
            work = queues[number] + offered
            served = work if work < room else room
            queue = left = work - served
            most = nominal * SHED_AFTER
            if left > most:
                queue = most
            own = fails + (left - queue) / (offered + 1.0)
            if own > 1.0:
                own = 1.0
            worst = wait = 0.0
            for called in below:
                if errors_before[called] > worst:
                    worst = errors_before[called]
                if latency_before[called] > wait:
                    wait = latency_before[called]
            errors = own + (1.0 - own) * (worst * ERROR_REACH) + shake * shake * 0.01
            error = error + ((errors if errors < 1.0 else 1.0) - error) * SMOOTH
            latency = base * (lags + queue / (room + 1.0) * 0.8 + 1.0) * (shake * 0.05 + 1.0) + wait * REACH
            cpu = served / (room + 1e-3)
            memory = resting + fills + cpu * 0.1 + shake * 0.02
            queues[number] = queue
            breakers[number] = 1.0 if error > 0.5 - breaker * 0.3 else 0.0
            cpus[number] = cpu
            memories[number] = memory if memory < 1.0 else 1.0
            served_now.append(served)
            errors_now.append(error)
            latency_now.append(latency_before[number] + (latency - latency_before[number]) * SMOOTH)
        s.served[: d.services], s.errors[: d.services] = served_now, errors_now
        s.latency[: d.services] = latency_now

    def _judge(self, clock: int) -> None:
        d, s = self.drawn, self.now
        marks = s.marks[clock % MARKS]
        errors, latency, memory, cpu, per_usual = s.errors, s.latency, s.memory, s.cpu, d.per_usual
        healths, heats, alerts = s.health, s.heat, s.alert
        for number in range(d.services):
            failing = errors[number] * PER_ERRORS
            slow = latency[number] * per_usual[number]
            full = memory[number] * PER_MEMORY
            busy = cpu[number] * PER_CPU
            worst = max(failing, slow, full, busy)
            before, heat = healths[number], heats[number]
            if worst > 0.8:
                health = (worst > (0.8 if before > 0 else 1)) + (worst > (1.6 if before > 1 else 2))
                health += worst > (6 if before > 2 else 8)
                marks[number] = (failing > 1.0) + (slow > 1.0) * 2 + (full > 1.0) * 4 + (busy > 1.0) * 8
            else:
                health = marks[number] = 0
            healths[number] = health
            if health > 1:
                heats[number] = heat = heat + 1 if heat < 3 else 3
            elif heat:
                heats[number] = heat = heat - 1
            alerts[number] = heat + alerts[number] > 1
        if s.errors[0] < GOOD_ERRORS and s.latency[0] < d.usual[0] * GOOD_LATENCY:
            s.calm += 1
            s.good_steps += 1
        else:
            s.calm = 0
