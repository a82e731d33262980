"""A seat as trainers call it: views in words, rewards from the world, nothing that tells the task."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from journeyman.interfaces.trainers.trl_environments import ENVIRONMENTS, training_rows
from journeyman.mission.values.errors import InvalidInput

HANDS = {
    "sre": {"restart", "scale", "identify_root_cause"},
    "dev": {"rollback", "identify_root_cause"},
    "manager": {"escalate", "resolve"},
    "oversight": {"flag_rogue"},
}


def seat_of(role: str) -> Any:
    """Take a seat; its tools are made at run time, so no checker knows them."""
    return ENVIRONMENTS[role]()


def test_a_seats_public_methods_are_its_tools_and_no_more() -> None:
    """Trainers offer every public method to the model, so there is none that tells the truth."""
    for role, make in ENVIRONMENTS.items():
        methods: list[Any] = inspect.getmembers(type(make()), predicate=inspect.isfunction)
        public = {name for name, _ in methods if not name.startswith("_")}
        assert public == {"reset", "get_reward", "wait", "look", "communicate"} | HANDS[role]


def test_the_same_row_is_the_same_world_and_views_never_name_it() -> None:
    """A group's rollouts are compared, so they must begin alike; another object may be used before or after."""
    used, fresh = seat_of("sre"), seat_of("sre")
    used.reset(number=3)
    used.restart(target="gateway")
    row = training_rows("sre", 6)[5]
    assert used.reset(**row) == fresh.reset(**row)
    assert used.wait() == fresh.wait()
    assert used.reset(number=4) != fresh.reset(number=5)
    assert "train" not in used.reset(number=4)


def test_a_silent_seat_earns_nothing() -> None:
    """A role's reward is what the team lost without it; asked as often as one likes."""
    seat = seat_of("oversight")
    seat.reset(number=2)
    assert [seat.get_reward(), seat.get_reward()] == [0.0, 0.0]
    assert seat.wait() == "The incident is over."


def test_a_hasty_manager_gets_nothing() -> None:
    """Closing while it burns fails the incident, whatever is done after."""
    seat = seat_of("manager")
    seat.reset(number=0)
    seat.wait()
    assert seat.resolve() == "The incident is over."
    assert seat.get_reward() == 0


@pytest.mark.parametrize("wrong", [None, 7, "no such service", ["gateway"], 10**30])
def test_what_a_model_calls_wrongly_is_told_and_costs_a_step(wrong: Any) -> None:
    """Models send anything; a rollout never ends in an exception for it."""
    seat = seat_of("sre")
    seat.reset(number=1)
    name = seat.reset(number=2).split("worst first\n  ")[1].split(":")[0]
    assert "NOTICE" in seat.restart(target=wrong)
    assert "NOTICE" in seat.identify_root_cause(target=name, failure_type=wrong)
    assert ("NOTICE" in seat.scale(target=name, replicas=wrong)) is (wrong != 7)
    assert "STEP 4" in seat.communicate(topic=wrong, target=wrong, message=wrong, to=wrong)


def test_a_seat_is_told_what_was_not_used_of_a_call() -> None:
    """In the view that the call gives back, as in every front end."""
    seat = seat_of("sre")
    name = seat.reset(number=2).split("worst first\n  ")[1].split(":")[0]
    assert "NOTICE your last action was read without" in seat.communicate(
        topic="symptom", target=name, message="x" * 400
    )
    assert "NOTICE" not in seat.look(target=name)


def test_rows_hold_the_briefing_and_a_number() -> None:
    """A dataset needs no more; an unknown role is refused."""
    made = training_rows("dev", 2, first=5)
    assert [row["number"] for row in made] == [5, 6]
    assert "You are the developer" in made[0]["prompt"][0]["content"]
    with pytest.raises(InvalidInput, match="no role"):
        training_rows("boss", 1)
