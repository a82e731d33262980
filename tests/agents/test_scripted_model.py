"""The four agents work with the scripted model as with a real one: they call tools and end."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyman.testing.model_server import Script, ScriptedFault, ScriptLine, serving
from tests.agents.coding_agents import AGENTS, CodingAgent, drive, said_to_model

pytestmark = [pytest.mark.agents, pytest.mark.anyio, pytest.mark.timeout(300)]
_ASIDE = ScriptLine(text="A title")


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
async def test_an_agent_runs_what_its_model_says(agent: CodingAgent, agent_folder: Path) -> None:
    """A command is run, its output comes back to the model, the last answer ends the work: two requests."""
    work = agent.runs("echo it-is-written | tee done.txt", "I write.")
    script = Script(answers=(work, ScriptLine(text="All done.")), aside=_ASIDE)
    async with serving(script) as server:
        run = await drive(agent, server, agent_folder, "Write done.txt")
        assert run.exit_code == 0, run.output
        assert (agent_folder / "repository" / "done.txt").read_text() == "it-is-written\n"
        asked = [call for call in server.calls if call.body.get("tools")]
        assert len(asked) == 2
        assert "it-is-written" in said_to_model(server).replace("echo it-is-written", "")
        assert run.rows()


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
async def test_an_agent_asks_again_after_an_error_of_its_model(agent: CodingAgent, agent_folder: Path) -> None:
    """An error in the provider's own form is understood as one; a 429 would end Codex."""
    broken = ScriptLine(fault=ScriptedFault.SERVER_ERROR, retry_after_s=0.1)
    script = Script(answers=(broken, agent.runs("touch done.txt"), ScriptLine(text="All done.")), aside=_ASIDE)
    async with serving(script) as server:
        run = await drive(agent, server, agent_folder, "Write done.txt")
        assert run.exit_code == 0, run.output
        assert (agent_folder / "repository" / "done.txt").exists()
        assert [call.status for call in server.calls if call.body.get("tools")] == [500, 200, 200]
