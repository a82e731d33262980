"""Values in and out of JSON texts: nothing else changes, whatever the text looks like."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from journeyman.agents.installing.json_text import JsonFault, put_last, read_json_text, take_out, value_at

_SPACES: Final = st.sampled_from(["", "", " ", "\n", "\n  ", "\r\n\t", "  \n\n    "])
_COMMENTS: Final = st.sampled_from(["", "", "", "// said, so\n", "/* one\ntwo [ */", " // } \r\n", "/*x*/"])
_LEAVES: Final = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.sampled_from(["//", "/*", ",]", '"', "\\", "a, }"])
)
_KEYS: Final = st.text(max_size=6)


@st.composite
def _gaps(draw: st.DrawFn) -> str:
    return draw(_SPACES) + draw(_COMMENTS) + draw(_SPACES)


@st.composite
def _texts(draw: st.DrawFn, depth: int = 3) -> str:
    """A text with comments, odd spaces and commas behind the last."""
    kind = draw(st.sampled_from(["leaf", "list", "object"])) if depth else "leaf"
    if kind == "leaf":
        return json.dumps(draw(_LEAVES), ensure_ascii=draw(st.booleans()))
    if kind == "list":
        rows = [
            f"{draw(_gaps())}{draw(_texts(depth=depth - 1))}{draw(_gaps())}" for _ in range(draw(st.integers(0, 3)))
        ]
        return "[" + _joined(draw, rows) + "]"
    return draw(_objects(depth=depth))


@st.composite
def _objects(draw: st.DrawFn, depth: int = 3) -> str:
    keys = draw(st.lists(_KEYS, max_size=3, unique=True))
    rows = [
        f"{draw(_gaps())}{json.dumps(key)}{draw(_gaps())}:{draw(_gaps())}{draw(_texts(depth=depth - 1))}{draw(_gaps())}"
        for key in keys
    ]
    return "{" + _joined(draw, rows) + "}"


def _joined(draw: st.DrawFn, rows: list[str]) -> str:
    if not rows:
        return draw(_gaps())
    return ",".join(rows) + ("," + draw(_gaps()) if draw(st.booleans()) else "")


@st.composite
def _documents(draw: st.DrawFn) -> str:
    return draw(_gaps()) + draw(_objects()) + draw(_gaps())


def _containers(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [path, *(found for key, one in value.items() for found in _containers(one, (*path, key)))]
    if isinstance(value, list):
        return [path, *(found for at, one in enumerate(value) for found in _containers(one, (*path, at)))]
    return []


NEW: Final = {"hooks": [{"type": "command", "command": "journeyman guard hook x"}]}


@given(text=_documents(), data=st.data())
@example(text="{}", data=None)
@example(text='{"a": [] // c\n}\n', data=None)
def test_a_value_comes_and_goes_without_a_trace(text: str, data: st.DataObject | None) -> None:
    """In any list or object: parsed it is what it was with one more, and taken out again each byte is as before."""
    found = read_json_text(text)
    places = _containers(found.value)
    for path in places if data is None else [data.draw(st.sampled_from(places))]:
        holder: Any = value_at(found.value, path)
        key = "our key" if isinstance(holder, dict) else None
        more = put_last(found, path, NEW, key)
        again = read_json_text(more)
        wanted: Any = json.loads(json.dumps(found.value))
        inside: Any = value_at(wanted, path)
        if key is None:
            inside.append(NEW)
        else:
            inside[key] = NEW
        assert again.value == wanted
        assert take_out(again, (*path, len(inside) - 1 if key is None else key)) == text


@given(text=_documents(), data=st.data())
def test_whatever_is_taken_out_the_rest_stays(text: str, data: st.DataObject) -> None:
    """Also what somebody else wrote, at any place: comments, too."""
    found = read_json_text(text)
    places = [path for path in _containers(found.value) if value_at(found.value, path)]
    if not places:
        return
    path = data.draw(st.sampled_from(places))
    holder: Any = value_at(found.value, path)
    name = data.draw(st.sampled_from(list(holder) if isinstance(holder, dict) else list(range(len(holder)))))
    wanted: Any = json.loads(json.dumps(found.value))
    del value_at(wanted, path)[name]  # pyright: ignore[reportIndexIssue]
    assert read_json_text(take_out(found, (*path, name))).value == wanted


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("", 1, "empty"),
        ("  \n", 2, "empty"),
        ('{"a": 1\n "b": 2}', 2, "delimiter"),
        ("{'a': 1}", 1, "quotes"),
        ('{"a": NaN}', 1, "cannot be read"),
        ('{"a": [,]}', 1, "value"),
        ('{"a": 1} }', 1, "Extra"),
        ('{"a": 1 /* x', 1, "delimiter"),
        ("[" * 100_000, 1, "cannot be read"),
    ],
)
def test_what_is_no_json_is_said_with_its_line(text: str, line: int, word: str) -> None:
    """A person has to find it."""
    with pytest.raises(JsonFault, match=word) as caught:
        read_json_text(text)
    assert caught.value.line == line


def test_a_key_given_twice_is_refused() -> None:
    """Hosts take the last of them, and nobody sees which was meant."""
    with pytest.raises(JsonFault, match="twice") as caught:
        read_json_text('{"hooks": {},\n "hooks": {}}').find(("hooks",))
    assert caught.value.line == 2


def test_what_is_put_in_looks_like_the_rest() -> None:
    """Indented as its neighbours, and a comment stays with its own."""
    text = '{\n    "hooks": {\n        "Stop": [\n            {"a": 1} // mine\n        ]\n    }\n}\n'
    assert put_last(read_json_text(text), ("hooks", "Stop"), {"b": 2}) == (
        '{\n    "hooks": {\n        "Stop": [\n            {"a": 1}, // mine\n            {\n                "b": 2\n            }\n        ]\n    }\n}\n'
    )
    assert put_last(read_json_text("{}"), (), [1], "a") == '{\n  "a": [\n    1\n  ]\n}'
    assert put_last(read_json_text('{"a": 1}'), (), 2, "b") == '{"a": 1, "b": 2}'
