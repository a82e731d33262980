"""Many worlds together, as arrays: one call of numpy moves them all."""

from __future__ import annotations

from typing import Final

import numpy as np

from journeyman.gym.arrays import Bools, Ints
from journeyman.gym.chance import places
from journeyman.gym.draw.wiring import wire
from journeyman.gym.state import Incident, Live, put
from journeyman.gym.world import dynamics, hands


class Batch:
    """What moving a batch needs beside its state: indices and effects that follow from what was drawn."""

    def __init__(self, incident: Incident, live: Live) -> None:
        width, self._worlds = len(incident.active), len(incident.services)
        self._places: Final = places(width)
        self._wires: Final = wire(incident, self._worlds, np.arange(self._worlds))
        self._effects: Final = dynamics.Effects(width, self._worlds)
        self._effects.set(self._wires, live.level)

    def place(self, rows: Ints, incident: Incident) -> None:
        """Take fresh incidents into the worlds `rows`."""
        self._effects.clear(rows)
        put(self._wires, rows, wire(incident, self._worlds, rows))

    def step(self, incident: Incident, live: Live, acts: Ints, clock: int, *, chat: bool) -> Bools:
        """Move one step and tell where the manager closed the incident."""
        moves = hands.Moves(incident, acts)
        hands.apply(incident, live, self._wires, moves, chat=chat)
        dynamics.grow(incident, live, self._wires)
        self._effects.set(self._wires, live.level)
        shaken = dynamics.shaken(incident, live, self._places)
        dynamics.flow(incident, live, self._wires, self._effects.now, shaken)
        dynamics.judge(incident, live, self._wires, clock)
        live.step = live.step + 1
        return hands.resolving(moves)
