"""Where services stand in a drawing of who calls whom: in layers from the door to the stores, with few crossings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_SWEEPS: Final = 6


def layers_of(calls: Sequence[Sequence[int]]) -> list[list[int]]:
    """The services by layer; each stands behind all its callers, and near those it is connected to.

    Args:
        calls: whom each service calls, by number; services have lower numbers than those they call.
    """
    depth = [0] * len(calls)
    for service, called in enumerate(calls):
        for other in called:
            depth[other] = max(depth[other], depth[service] + 1)
    layers: list[list[int]] = [[] for _ in range(max(depth, default=-1) + 1)]
    for service, place in enumerate(depth):
        layers[place].append(service)
    callers: list[list[int]] = [[] for _ in calls]
    for service, called in enumerate(calls):
        for other in called:
            callers[other].append(service)
    for _ in range(_SWEEPS):  # the barycentre method (Sugiyama, Tagawa, Toda 1981): down by callers, up by callees
        for order, neighbours in ((layers, callers), (layers[::-1], calls)):
            for layer in order:
                height = heights(layers)
                middle = {one: [height[other] for other in neighbours[one]] or [height[one]] for one in layer}
                layer.sort(key=lambda one, at=middle: sum(at[one]) / len(at[one]))
    return layers


def heights(layers: Sequence[Sequence[int]]) -> dict[int, float]:
    """How high each service stands, the middle of every layer at 0."""
    return {one: place - (len(layer) - 1) / 2 for layer in layers for place, one in enumerate(layer)}
