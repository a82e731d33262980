"""`model`: a scripted model on this machine, for testing missions and adapters."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from journeyman.interfaces.cli.event_loop import run_async
from journeyman.interfaces.cli.shared import CommandGroup
from journeyman.interfaces.cli.terminal import say
from journeyman.testing.model_server import ModelServer, Script, load_script

app = CommandGroup()
model = CommandGroup(no_args_is_help=True, help="Serve a scripted model on this machine.")
app.add_typer(model, name="model")


@model.callback()
def group() -> None:
    """Serve a scripted model on this machine."""


@model.command("serve")
def serve(
    script: Annotated[Path, typer.Option("--script", metavar="FILE", help="YAML: what the model answers, in order.")],
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="0 takes a free one.")] = 0,
) -> None:
    """Answer OpenAI, Anthropic, Gemini and Bedrock requests from a script until interrupted; prints each call, never a text."""
    run_async(lambda: _serve(load_script(script), port))


async def _serve(script: Script, port: int) -> None:
    server = ModelServer(script, port=port)
    await server.start()
    try:
        say(f"{server.url} answers {len(script.lines())} lines; OpenAI clients use {server.url}/v1")
        shown = 0
        while True:
            for call in server.calls[shown:]:
                fault = f" fault={call.fault.value}" if call.fault is not None else ""
                streamed = " streamed" if call.streamed else ""
                say(f"{call.wire} {call.model} {call.status} {call.request_bytes} bytes{streamed}{fault}")
            shown = len(server.calls)
            await asyncio.sleep(0.2)
    finally:
        await server.stop()
