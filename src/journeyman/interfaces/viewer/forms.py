"""What people send: forms of our own pages alone, small, read as plain text."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request

from journeyman.interfaces.pages.markup import Html, tag, text
from journeyman.mission.values.errors import CallerError, NotAllowed

_MOST_BYTES: Final = 256_000
_MOST_FIELDS: Final = 500


def check_same_origin(request: Request) -> None:
    """Raise `NotAllowed` for a form that another site's page sent with this visitor's cookie.

    Browsers say so in headers that no page can set: `Sec-Fetch-Site` on secure and loopback addresses, `Origin` on all.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin", "")
    same = site == "same-origin" if site is not None else urlsplit(origin).netloc == request.headers.get("host", "")
    if not same or not (site or origin):
        raise NotAllowed(
            f"this form was sent from another page ({origin or site or 'without an origin'!r}); open it here and send it again",
            code="other_origin",
        )


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form, after the check of its origin; raises `CallerError` for what no form of ours sends."""
    check_same_origin(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "application/x-www-form-urlencoded":
        raise CallerError(f"this is no form of ours: its content type is {kind!r}", code="invalid_input")
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > _MOST_BYTES:
            raise CallerError(f"the form is larger than {_MOST_BYTES:,} bytes; send less", code="too_large")
    try:
        found = parse_qs(data.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise CallerError(f"the form cannot be read: {error}", code="invalid_input") from None
    return {name: values[-1].replace("\r\n", "\n") for name, values in found.items()}


def form(action: str, *content: Html, label: str = "", class_: str = "form") -> Html:
    """A form that is sent to an address of ours."""
    return tag("form", *content, method="post", action=action, class_=class_, aria_label=label or None)


def button(words: str, *, name: str | None = None, value: str | None = None, kind: str = "") -> Html:
    """A button that sends its form."""
    return tag("button", text(words), type="submit", name=name, value=value, class_=kind or None)


def hidden(name: str, value: str) -> Html:
    """A field that nobody fills in."""
    return tag("input", type="hidden", name=name, value=value)


def labelled(label: str, field: Html, name: str, hint: str = "") -> Html:
    """A field with its label, and what is to be known of it."""
    told = [tag("label", text(label), for_=name), field]
    if hint:
        told.append(tag("small", text(hint), id=f"{name}-hint", class_="quiet"))
    return tag("div", *told, class_="field")


def field(name: str, value: str = "", *, placeholder: str = "", kind: str = "text", described: bool = False) -> Html:
    """A field of one line."""
    return tag(
        "input", type=kind, name=name, id=name, value=value, placeholder=placeholder or None, autocomplete="off",
        spellcheck="false", aria_describedby=f"{name}-hint" if described else None,
    )  # fmt: skip
