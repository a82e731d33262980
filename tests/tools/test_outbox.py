"""The outbox: what is told of a try stays true, in whatever order transports and callers come."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from journeyman.tools.servers.outbox import TRY_META, Outbox, attempt_in_body, attempt_in_params


@given(st.lists(st.tuples(st.sampled_from(["open", "departs", "returned", "close"]), st.integers(0, 3))))
def test_a_try_that_was_told_as_not_sent_never_departs(acts: list[tuple[str, int]]) -> None:
    """Held to a list of what happened, looked through each time."""
    outbox = Outbox()
    numbers: list[int] = []
    happened: list[tuple[str, int]] = []
    for act, index in acts:
        if act == "open":
            numbers.append(outbox.begin_attempt())
            continue
        if index >= len(numbers):
            continue
        number = numbers[index]
        closed = ("closed", number) in happened
        net = happened.count(("departed", number)) - happened.count(("returned", number))
        match act:
            case "departs":
                assert outbox.may_send(number) is not closed
                happened += [] if closed else [("departed", number)]
            case "returned":
                outbox.mark_not_sent(number)
                happened += [("returned", number)] if net > 0 and not closed else []
            case _:
                assert outbox.end_attempt(number) is (net > 0 and not closed)
                happened.append(("closed", number))
    assert len(set(numbers)) == len(numbers)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["params", "_meta", TRY_META, "x"]), inner, max_size=3)
    ),
)


@given(JSON, st.binary(max_size=30))
def test_the_number_is_found_where_it_stands_and_nowhere_else(message: object, noise: bytes) -> None:
    """A value of an argument is not the mark, whatever it looks like."""
    assert attempt_in_body(noise + TRY_META.encode()) is None
    found = attempt_in_body(json.dumps(message).encode())
    params = message.get("params") if isinstance(message, dict) else None
    meta = params.get("_meta") if isinstance(params, dict) else None
    number = meta.get(TRY_META) if isinstance(meta, dict) else None
    assert found == (number if isinstance(number, int) and not isinstance(number, bool) else None)
    assert attempt_in_params(message) is None or isinstance(message, dict)
