"""Flat indices from the drawn graphs: computed once per reset, so that a step only gathers and scatters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from journeyman.gym.actions import ActionType
from journeyman.gym.arrays import Floats, Ints
from journeyman.gym.catalog import CURE, DELAY, EFFECT, EXTRA_REPLICAS, RELIEF, RISE
from journeyman.gym.state import Incident


@dataclass(slots=True, kw_only=True)
class Wires:
    """Where each world's values lie in the flattened arrays."""

    callers: Ints
    dependencies: Ints
    depends: Floats
    """(DEPENDENCIES, S) 1 where there is such a dependency."""
    effect_at: Ints
    """(effects, F) flat place of each slot's service; empty slots share the place after the last."""
    effect: Floats
    """(effects, F) full-grown effects of each slot."""
    rise: Floats
    """(F) growth per step."""
    cure: Ints
    delay: Ints
    relief: Ints
    """(F) the action that eases without curing; -1 is none."""
    needed: Ints
    """(F) replicas that a curing scale must reach."""
    per_usual: Floats
    """(S) one over twice the healthy latency."""
    column: Ints


def wire(incident: Incident, worlds: int, column: Ints) -> Wires:
    """Give the indices of incidents that stand in the columns `column` of a batch of `worlds`."""
    width = len(incident.active)
    rows = np.maximum(incident.service, 0)
    replicas = incident.replicas[rows, np.arange(len(column))].astype(np.int64)
    layers = np.arange(len(EFFECT))[:, None, None] * (width * worlds)
    scaling = CURE[incident.kind] == ActionType.SCALE
    return Wires(
        callers=np.maximum(incident.callers, 0) * worlds + column,
        dependencies=np.maximum(incident.dependencies, 0) * worlds + column,
        depends=(incident.dependencies >= 0).astype(np.float64),
        effect_at=np.where(incident.service >= 0, layers + rows * worlds + column, len(EFFECT) * width * worlds),
        effect=EFFECT[:, incident.kind] * incident.amplitude,
        rise=RISE[incident.kind],
        cure=np.where(incident.real, CURE[incident.kind], -1),
        delay=DELAY[incident.kind],
        relief=np.where(RELIEF[incident.kind], ActionType.RESTART, -1),
        needed=(replicas + EXTRA_REPLICAS[incident.kind]) * scaling,
        per_usual=1 / (incident.healthy_latency * 2),
        column=column,
    )
