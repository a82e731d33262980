"""The options of `serve`."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

HostOption: TypeAlias = Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")]
PortOption: TypeAlias = Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")]
MissionsOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--missions",
        metavar="[TENANT=]DIR",
        help="Folder of the mission files that callers may start; this one when left out. Another tenant's is named.",
    ),
]
MostAtOnceOption: TypeAlias = Annotated[
    int, typer.Option("--most-at-once", metavar="N", min=1, help="Sessions driven at a time, per tenant.")
]
RateOption: TypeAlias = Annotated[
    float, typer.Option("--rate", metavar="N", min=0.1, help="Requests a second of one token.")
]
AllowedHostOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--allowed-host", metavar="NAME", help="Another name that it answers under; `*` is any."),
]
AllowedOriginOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--allowed-origin", metavar="ORIGIN", help="Pages that may call it, as https://app.example.com."),
]
LinkOption: TypeAlias = Annotated[
    bool, typer.Option("--link", help="Print a link with a token for this start, also where there are tokens.")
]
OtelOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--otel", help="Send traces by OTLP, without any content; the same where OTEL_EXPORTER_OTLP_ENDPOINT is set."
    ),
]
