"""What makes the game worth winning: looks, probes that overlap, harm, order, money, and what outlives its cause."""

# pyright: reportPrivateUsage=false
# What was drawn is private on purpose; only tests of the rules may look inside.

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import journeyman.gym
from journeyman.gym.actions import MAX_REPLICAS, Action, ActionType, Role
from journeyman.gym.arrays import Ints
from journeyman.gym.catalog import ACTOR, CATALOG, IS_REAL, Failure, Probe
from journeyman.gym.incidents import INCIDENTS
from journeyman.gym.policies.base import no_actions
from journeyman.gym.policies.casework import CAUSES
from journeyman.gym.policies.oracle import certify
from journeyman.gym.tasks import Split, Task, Tier, incident_tasks, task, tasks
from journeyman.gym.world import Cause, World
from journeyman.mission.values.errors import InvalidInput


def _one(role: Role, action: Action) -> Ints:
    actions = no_actions(1)
    actions[0, role] = action.row()
    return actions


def _with(failure: Failure, tier: Tier = Tier.EASY) -> tuple[World, Cause]:
    for one in tasks(tier, Split.TRAIN, 400):
        world = World(tier, reveal=True)
        world.play([one])
        causes = world.truth().causes
        if causes[0].failure is failure and causes[0].real and not causes[0].onset:
            return world, causes[0]
    raise AssertionError(failure)


def _waited(world: World, steps: int) -> None:
    for _ in range(steps):
        world.step(no_actions(1))


def test_no_probe_names_a_failure_and_both_together_do() -> None:
    """Each probe but one is raised by causes that the other role's probe tells apart; a pair has one cure."""
    for probe in Probe:
        pairs = {(row.sre_probe, row.dev_probe) for row in CATALOG[1:] if probe in (row.sre_probe, row.dev_probe)}
        assert len(pairs) > 1 or probe is Probe.CLOCK_OFFSET, probe
    assert all(len({row.cure for row in rows}) == 1 for rows in CAUSES.values())
    several = Counter(len(rows) for rows in CAUSES.values())
    assert several[2] == 2  # what only the fleet's trace or the callers tell apart


def test_readings_of_failures_and_of_healthy_services_overlap() -> None:
    """Whatever is believed from one reading, some healthy service exceeds it and some failure stays below."""
    world = World(Tier.HARD, 600, reveal=True)
    for _ in range(8):
        world.step(no_actions(600))
    failing, healthy = no_actions(600), no_actions(600)
    scenarios = world._scenarios
    failing[:, Role.SRE, 1] = scenarios["service"][:, 0]
    used = scenarios["service"]
    healthy[:, Role.SRE, 1] = [next(n for n in range(32) if n not in row) for row in used.tolist()]
    world.step(failing)
    real = (scenarios["real"][:, 0] > 0) & (scenarios["onset"][:, 0] == 0)
    place = scenarios["raises"][:, 0]
    bad = world.observe().sre().probes[np.arange(600), place][real]
    world.step(healthy)
    good = world.observe().sre().probes.max(axis=1)[real]
    assert np.median(bad) > np.median(good)
    assert (good > np.median(bad)).mean() > 0.02
    assert (bad < np.median(good)).mean() > 0.1


def test_a_look_is_of_its_step_and_grows_old() -> None:
    """Who does something else keeps the older readings and their age; a new look has new noise."""
    world, cause = _with(Failure.DB_DEADLOCK)
    look = _one(Role.SRE, Action(ActionType.NOOP, cause.service))
    world.step(look)
    first = world.observe().sre()
    _waited(world, 3)
    kept = world.observe().sre()
    world.step(look)
    fresh = world.observe().sre()
    assert np.array_equal(kept.probes, first.probes)
    assert not np.array_equal(fresh.probes, first.probes)
    assert [int(seen.look_age[0]) for seen in (first, kept, fresh)] == [1, 4, 1]


def test_nothing_is_idle_when_an_incident_begins() -> None:
    """The first view already shows each service at work."""
    world = World(Tier.MEDIUM, 200)
    seen = world.observe().sre()
    exists = np.arange(12) < seen.common.services[:, None]
    assert seen.metrics[:, 0][exists].min() > 0.5
    assert seen.metrics[:, 0][exists].max() < 0.75


def test_scaling_to_the_number_that_is_there_is_nothing() -> None:
    """It neither helps nor counts as an act."""
    world, cause = _with(Failure.DB_DEADLOCK)
    replicas = int(world.observe().sre().replicas[0, cause.service])
    world.step(_one(Role.SRE, Action(ActionType.SCALE, cause.service, replicas)))
    assert world.results().wrong_acts.sum() == 0
    assert int(world.observe().sre().replicas[0, cause.service]) == replicas


def test_more_replicas_than_are_needed_cost_money() -> None:
    """The same cure, paid for twice over, is worth less."""
    scores: list[float] = []
    for much in (False, True):
        world, cause = _with(Failure.NOISY_NEIGHBOUR)
        claim = Action(ActionType.IDENTIFY_ROOT_CAUSE, cause.service, cause.failure)
        world.step(_one(Role.DEV, claim))
        world.step(_one(Role.SRE, Action(ActionType.SCALE, cause.service, MAX_REPLICAS if much else cause.needed)))
        while not world.finished:
            closing = Action(ActionType.RESOLVE if world.over()[0] else ActionType.NOOP)
            world.step(_one(Role.MANAGER, closing))
        scores.append(float(world.results().score[0]))
    assert 0.5 < scores[1] < scores[0] - 0.05


def test_a_wrong_act_makes_a_failure_worse_and_its_cure_slower() -> None:
    """Each one costs two steps more, and what had only begun is full-grown at once."""
    taken: list[int] = []
    for wrong in (0, 1, 2):
        world, cause = _with(Failure.BAD_CONFIG_PUSH)
        for _ in range(wrong):
            world.step(_one(Role.SRE, Action(ActionType.RESTART, cause.service)))
            assert world._states["level"][0, 0] == 1
        world.step(_one(Role.DEV, Action(ActionType.ROLLBACK, cause.service)))
        steps = 0
        while not world._states["cured"][0, 0]:
            _waited(world, 1)
            steps += 1
        taken.append(steps)
    assert taken == [taken[0], taken[0] + 2, taken[0] + 4]


def test_what_a_failure_brings_about_outlives_it_and_cannot_be_cured_before_it() -> None:
    """A cascade that is left alone leaves a retry storm; a restart helps there only once its cause is cured."""
    world, cause = _with(Failure.CASCADE)
    storm = next(one for one in world.truth().causes if not one.root and one.real)
    assert storm.failure is Failure.RETRY_STORM
    _waited(world, storm.onset + 1)
    restart = _one(Role.SRE, Action(ActionType.RESTART, storm.service))
    world.step(restart)
    assert world.results().wrong_acts[0, Role.SRE] == 1
    world.step(_one(Role.SRE, Action(ActionType.RESTART, cause.service)))
    _waited(world, 6)
    assert world._states["cured"][0, :2].tolist() == [1, 0]
    world.step(restart)
    _waited(world, 6)
    assert world._states["cured"][0, :2].tolist() == [1, 1]
    assert world.results().wrong_acts[0, Role.SRE] == 1


def test_a_cascade_cured_in_time_leaves_nothing() -> None:
    """Its consequence then never comes."""
    world, cause = _with(Failure.CASCADE)
    world.step(_one(Role.SRE, Action(ActionType.RESTART, cause.service)))
    _waited(world, 15)
    assert world._states["level"][0, :2].max() == 0


def test_errors_weigh_by_how_often_a_dependency_is_called() -> None:
    """The same failing service hurts a caller that calls it twice as often about twice as much."""
    errors: list[float] = []
    for rate in (0.2, 0.4):
        world, cause = _with(Failure.BAD_CANARY)
        world._scenarios["retry"] = 0
        scenario = world._scenarios[0]
        calls = scenario["calls"].reshape(-1, 3)
        caller = int(np.flatnonzero((calls == cause.service).any(axis=1))[-1])
        place = caller * 3 + int(np.flatnonzero(calls[caller] == cause.service)[0])
        world._scenarios["rates"][0, place] = rate
        _waited(world, 20)
        seen = world.observe().sre().metrics[0, 3]
        errors.append(float(seen[caller] / seen[cause.service]))
    assert errors[1] == pytest.approx(2 * errors[0], rel=0.1)


@pytest.mark.parametrize("one", incident_tasks(), ids=lambda one: one.incident)
def test_an_incident_after_a_post_mortem_has_its_causes_and_can_be_won(one: Task) -> None:
    """Named, sourced, drawn as given, and worth winning."""
    incident = INCIDENTS[one.number]
    assert task(one.id) == one
    assert incident.source.startswith("https://")
    world = World(one.tier, reveal=True)
    world.play([one])
    found = {(cause.failure, cause.service) for cause in world.truth().causes}
    assert found >= {(cause.failure, cause.service) for cause in incident.causes}
    calls = world.observe().each_sre()[0].calls
    assert calls == incident.calls
    assert any(IS_REAL[cause.failure] for cause in incident.causes)
    assert certify(one, rounds=1).score > 0.8


def test_incidents_are_many_and_told_apart() -> None:
    """Ten at least, each with a source of its own; an id that names none is told which there are."""
    assert len(INCIDENTS) >= 10
    assert len({incident.source for incident in INCIDENTS}) == len({one.name for one in INCIDENTS}) == len(INCIDENTS)
    with pytest.raises(InvalidInput, match="gitlab-2017"):
        task("incident-nowhere-2000@3")
    with pytest.raises(InvalidInput, match="current version"):
        task("incident-gitlab-2017@2")


def test_every_cure_has_one_role() -> None:
    """What a cause needs is in one pair of hands."""
    assert {row.cure for row in CATALOG if not row.benign} == set(ACTOR)


def test_the_rules_import_nothing_that_their_stamp_leaves_out() -> None:
    """Machine code on disk is dropped when its sources change: they lie in the gym's own folder and in `rules`."""
    home = Path(journeyman.gym.__file__).parent
    sources = [*home.glob("rules/*.py"), home / "compiled.py"]
    imported = {
        node.module
        for path in sources
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("journeyman.")
    }
    assert imported
    assert not {name for name in imported if name.count(".") > 2 and not name.startswith("journeyman.gym.rules.")}
