"""A mission in the gym: the role's actions are tools, what customers feel is measured, and the record is the world's memory.

Every action passes a step. A world lives in this process only; after a crash it is made anew from its task and brought
to where the record says it was by playing the recorded actions again, so an action that was not settled has not
happened and is safe to call again. No result holds a reward or the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

from journeyman.gym.tasks import task
from journeyman.gym.text.action import TextAction
from journeyman.gym.text.observation import Alert, Change, Customers, FleetAction, LogEntry, Message
from journeyman.gym.text.reading import read_action
from journeyman.gym.text.shift import Shift
from journeyman.gym.text.tools import ROLE_TOOLS, Named, RoleTool, tools_of, typed
from journeyman.gym.text.words import ActionType, AgentRole
from journeyman.mission.model.mission import Gym
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.errors import InvalidInput, NotAllowed, Problem, Unavailable
from journeyman.tools.base import Catalog, ForwardingCatalog, PastCall
from journeyman.tools.functions import tool

PREFIX: Final = "incident."
PAGED_WITHIN: Final = 10
"""Steps that pass at most before the mission begins; it begins when the first alert fires."""
_DISRUPTIVE: Final = frozenset(
    {ActionType.RESTART, ActionType.ROLLBACK, ActionType.SCALE, ActionType.ESCALATE, ActionType.FLAG_ROGUE}
)


class MissionIncident:
    """One world under a mission: acts, measures, and remembers which calls it has played."""

    def __init__(self, wanted: Gym) -> None:
        try:
            self.shift = Shift(task(wanted.task), AgentRole(wanted.role), others=wanted.others)
        except KeyError as error:
            problem = Problem(where="gym.others", message=str(error.args[0]), hint="or nobody")
            raise InvalidInput("mission file", (problem,)) from None
        self._given: dict[str, dict[str, Json]] = {}
        self._disruptive = 0
        self._calm = 0
        self._alerts = self._firing()
        while not self._alerts and not self.shift.done and self.shift.observe().step < PAGED_WITHIN:
            self._pass(TextAction(self.shift.role))

    @property
    def services(self) -> tuple[str, ...]:
        """The services' names."""
        return self.shift.world.services

    def combined_with(self, catalog: Catalog) -> IncidentCatalog:
        """A catalog that holds this incident's tools as one that can be brought to where the record is."""
        return IncidentCatalog(catalog, self)

    def tools(self) -> list[Callable[..., object]]:
        """Make typed functions of the role's tools, and of looking without acting."""
        world = self.shift.world
        names = {Named.SERVICE: world.services, Named.AGENT: world.agents}
        return [self._observing(), *(self._acting(one, names) for one in tools_of(self.shift.role))]

    def _observing(self) -> Callable[..., object]:
        def observe() -> dict[str, object]:
            """See what the role sees now; no step passes."""
            return {**self.measure(), "events": []}

        return tool(name=f"{PREFIX}observe", effect="pure")(observe)

    def _acting(self, of: RoleTool, names: Mapping[Named, Sequence[str]]) -> Callable[..., object]:
        async def act(idempotency_key: str, **given: object) -> object:
            return self.act(of.action_type, given, idempotency_key)

        for_good = True if of.action_type is ActionType.RESOLVE else None
        named = typed(of, act, leading=("idempotency_key",), names=names)
        return tool(name=f"{PREFIX}{of.name}", effect="keyed", destructive=for_good)(named)

    def act(self, kind: ActionType, given: Mapping[str, object], key: str) -> dict[str, Json]:
        """Play one action; the same key is played once.

        Raises:
            NotAllowed: the incident is over.
        """
        if key in self._given:
            return self._given[key]
        if self.shift.done:
            raise NotAllowed("the incident is over: nothing can be done any more")
        action = read_action({"action_type": str(kind), **given}, self.shift.role).action
        events = self._pass(action)
        self._disruptive += kind in _DISRUPTIVE
        self._given[key] = {**self.measure(), "events": cast("list[Json]", events)}
        return self._given[key]

    def replay(self, past: Sequence[PastCall]) -> None:
        """Play what the record says was done, in its order.

        Raises:
            Unavailable: the world is another than the record's: the gym or its policies have changed since.
        """
        for call in past:
            played = ROLE_TOOLS.get(call.tool.removeprefix(PREFIX)) if call.tool.startswith(PREFIX) else None
            if played is None:
                continue
            measured = self.act(played.action_type, call.args, call.key)["metrics"]
            if call.metrics and call.metrics != measured:
                raise Unavailable(
                    f"{call.tool} measures {measured} where the record has {call.metrics}: the incident cannot be "
                    "brought back; resume with the version of Journeyman that began it",
                    code="world_differs",
                )

    def _pass(self, action: TextAction) -> list[dict[str, Json]]:
        before = self._alerts
        self.shift.act(action)
        self._alerts = self._firing()
        self._calm = self._calm + 1 if self._within() else 0
        changed = [("alert_fired", one) for one in self._alerts if one not in before]
        changed += [("alert_cleared", one) for one in before if one not in self._alerts]
        events: list[dict[str, Json]] = [{"name": name, "service": one} for name, one in changed]
        return [*events, {"name": "incident_closed"}] if self.shift.done else events

    def _firing(self) -> tuple[str, ...]:
        return tuple(one.service for one in self.shift.world.observe(AgentRole.MANAGER).view.visible_alerts)

    def _within(self) -> bool:
        felt = self.shift.world.observe(AgentRole.MANAGER).view.customers
        return felt is not None and felt.within_objective

    def measure(self) -> dict[str, Json]:
        """What the role sees and what is measured now."""
        seen = self.shift.observe()
        view = {name: _plain(value) for name, value in seen.view._asdict().items()}
        view["visible_metrics"] = [{"service": name, **one._asdict()} for name, one in seen.view.visible_metrics]
        # By name, as planners take values: what has an alert is what they are asked about; the rest stands beside it.
        view["visible_alert_details"] = view["visible_alerts"]
        view["visible_alerts"] = [one.service for one in seen.view.visible_alerts]
        shown = {name.removeprefix("visible_"): value for name, value in view.items() if value}
        felt = self.shift.world.observe(AgentRole.MANAGER).view.customers
        customers = {} if felt is None else {"error_ratio": felt.error_ratio, "slowness": felt.slowness}
        counts = {"alerts_firing": len(self._alerts), "steps_within_objective": self._calm}
        steps = {"step": seen.step, "disruptive_acts": self._disruptive, "over": self.shift.done}
        notice = {"notice": seen.notice} if seen.notice else {}
        return cast("dict[str, Json]", {"view": shown, **notice, "metrics": {**customers, **counts, **steps}})


def _plain(value: object) -> object:
    """A value of a view as JSON: rows by their columns' names."""
    if isinstance(value, (Alert, Change, Customers, FleetAction, LogEntry, Message)):
        return value._asdict()
    return [_plain(one) for one in cast("tuple[object, ...]", value)] if isinstance(value, tuple) else value


class IncidentCatalog(ForwardingCatalog):
    """A mission's tools with an incident among them, which can be brought to where the record is."""

    def __init__(self, inner: Catalog, incident: MissionIncident) -> None:
        super().__init__(inner)
        self._incident = incident

    async def replay(self, past: Sequence[PastCall]) -> None:
        """Bring the world to where the record is."""
        self._incident.replay(past)
