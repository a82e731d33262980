"""The Gaussian process of the planner against the textbook's formulas, written out with a plain inverse."""

from __future__ import annotations

import math

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from journeyman.mission.planner.directive_values import DirectiveValues
from journeyman.mission.planner.surrogate import Surrogate, spread_places

shares = st.floats(0, 1).map(lambda value: round(value, 3))


def inverse(matrix: list[list[float]]) -> list[list[float]]:
    """By Gauss and Jordan."""
    size = len(matrix)
    rows = [[*row, *(float(index == place) for place in range(size))] for index, row in enumerate(matrix)]
    for index in range(size):
        pivot = max(range(index, size), key=lambda row: abs(rows[row][index]))
        rows[index], rows[pivot] = rows[pivot], rows[index]
        rows[index] = [value / rows[index][index] for value in rows[index]]
        for other in range(size):
            if other != index:
                rows[other] = [a - rows[other][index] * b for a, b in zip(rows[other], rows[index], strict=True)]
    return [row[size:] for row in rows]


def kernel(one: list[float], other: list[float], scales: list[float]) -> float:
    """Matérn 5/2."""
    far = math.sqrt(5 * sum(((a - b) / scale) ** 2 for a, b, scale in zip(one, other, scales, strict=True)))
    return (1 + far + far**2 / 3) * math.exp(-far)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(shares, shares, st.floats(-5, 5)), min_size=4, max_size=9),
    st.tuples(shares, shares),
    st.floats(-3, 3),
)
def test_a_place_is_rated_by_the_probability_that_a_measurement_there_is_low_enough(
    rows: list[tuple[float, float, float]], at: tuple[float, float], target: float
) -> None:
    """Mean and variance are those of the textbook, with the lengths and the noise that were found likeliest."""
    places = [[x, y] for x, y, _ in rows]
    values = [value for _, _, value in rows]
    assume(max(values) - min(values) > 0.1)
    assume(min(math.dist(a, b) for n, a in enumerate(places) for b in places[:n]) > 0.1)
    model = Surrogate(places, [values], [(None, target)])
    fit = model._fit
    mean = sum(values) / len(values)
    inverted = inverse([[kernel(a, b, list(fit.scales)) + fit.noise * (a is b) for b in places] for a in places])
    near = [kernel(list(at), place, list(fit.scales)) for place in places]
    centred = [value - mean for value in values]
    weighted = [sum(a * b for a, b in zip(row, near, strict=True)) for row in inverted]
    middle = mean + sum(a * b for a, b in zip(weighted, centred, strict=True))
    solved = [sum(a * b for a, b in zip(row, centred, strict=True)) for row in inverted]
    signal = sum(a * b for a, b in zip(centred, solved, strict=True)) / len(values)
    spread = math.sqrt(signal * max(1 + fit.noise - sum(a * b for a, b in zip(weighted, near, strict=True)), 1e-12))
    z = (target - middle) / spread
    assume(abs(z) < 5 and spread > 1e-2)
    assert math.isclose(
        math.exp(model.rating(list(at))), 0.5 * math.erfc(-z / math.sqrt(2)), rel_tol=1e-3, abs_tol=1e-4
    )


def test_the_spread_places_fill_the_cube() -> None:
    """Each tenth of each axis is met by the first forty."""
    places = list(spread_places(3, 40))
    assert all({int(10 * place[axis]) for place in places} == set(range(10)) for axis in range(3))


def test_what_stands_behind_a_name_is_its_value() -> None:
    """Behind a connector any word counts; without one only what no plain word is, for tools that may change the world."""
    words = DirectiveValues("Open the zone eu-west-1; user=ann, port: 8443, place is cedar. Ask the owner tomorrow.")
    careful = {name: words.behind(name, plain=False) for name in ("zone", "user", "port", "place", "owner", "none")}
    assert careful == {
        "zone": ["eu-west-1"],
        "user": ["ann"],
        "port": ["8443"],
        "place": ["cedar"],
        "owner": [],
        "none": [],
    }
    assert words.behind("owner", plain=True) == ["tomorrow"]
