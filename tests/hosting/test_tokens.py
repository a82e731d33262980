"""Tokens: kept hashed, found again, revoked at once, also by other processes."""

from __future__ import annotations

import multiprocessing
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from journeyman.hosting.access import AccessScope
from journeyman.hosting.tokens import PREFIX, AccessTokens, TokenFile, new_token
from journeyman.mission.values.errors import InvalidInput, NotAllowed, NotFound

NOW = datetime(2026, 11, 23, tzinfo=UTC)
READ = [AccessScope.READ]


def test_the_file_holds_no_token(tmp_path: Path) -> None:
    """Only its owner can read it, and what they read opens nothing."""
    file = TokenFile(tmp_path / "data")
    made = new_token("ada", "default", READ, NOW)
    file.add(made.token)
    text = file.path.read_text()
    assert made.secret.startswith(PREFIX)
    assert made.secret.removeprefix(PREFIX) not in text
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert file.find(made.secret) == made.token
    assert file.find(made.token.sha256) is None


def test_what_another_process_does_counts_at_once(tmp_path: Path) -> None:
    """Two of them over one file."""
    one, other = TokenFile(tmp_path), TokenFile(tmp_path)
    made = new_token("ada", "default", READ, NOW)
    assert one.find(made.secret) is None
    other.add(made.token)
    tokens = AccessTokens(one)
    found = tokens.find(made.secret)
    assert found is not None
    assert tokens.is_usable(found, NOW)
    assert [token.id for token in other.revoke("ada", NOW)] == [made.token.id]
    assert not tokens.is_usable(found, NOW)
    assert other.revoke(made.token.id, NOW) == []
    with pytest.raises(NotFound, match="journeyman token list"):
        other.revoke("nobody", NOW)


def _add_some(folder: str, number: int) -> None:
    for index in range(5):
        TokenFile(Path(folder)).add(new_token(f"p{number}-{index}", "default", READ, NOW).token)


def test_processes_that_write_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    """Each starts from what the one before it left."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_add_some, args=(str(tmp_path), number)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert len(TokenFile(tmp_path).tokens()) == 20


def test_a_token_ends_when_it_was_told_to(tmp_path: Path) -> None:
    """To the second, and says so in lists."""
    made = new_token("ada", "default", READ, NOW, timedelta(hours=1)).token
    assert made.is_usable(NOW + timedelta(minutes=59))
    assert not made.is_usable(NOW + timedelta(hours=1))
    assert made.status(NOW + timedelta(days=1)) == "expired"


def test_a_token_of_one_start_is_in_no_file(tmp_path: Path) -> None:
    """Another start knows nothing of it."""
    made = new_token("ada", "default", READ, NOW)
    tokens = AccessTokens(TokenFile(tmp_path), made.token)
    assert tokens.find(made.secret) == made.token
    assert tokens.is_usable(made.token, NOW)
    assert tokens.tenants() == {"default"}
    assert AccessTokens(TokenFile(tmp_path)).find(made.secret) is None
    assert not (tmp_path / "tokens.json").exists()


@pytest.mark.parametrize(
    ("name", "tenant", "scopes"),
    [("", "default", READ), ("a\nb", "default", READ), (" a", "default", READ), ("a", "../x", READ), ("a", "x", [])],
)
def test_what_is_no_token_is_refused(name: str, tenant: str, scopes: list[AccessScope]) -> None:
    """With what to do instead."""
    with pytest.raises(InvalidInput):
        new_token(name, tenant, scopes, NOW)


def test_a_file_that_others_can_write_counts_for_nothing(tmp_path: Path) -> None:
    """Whoever can write it could let themselves in."""
    file = TokenFile(tmp_path)
    made = new_token("ada", "default", READ, NOW)
    file.add(made.token)
    file.path.chmod(0o666)
    with pytest.raises(NotAllowed, match="chmod 600"):
        TokenFile(tmp_path).find(made.secret)
    file.path.chmod(0o600)
    file.path.write_text('{"tokens": [{"id": 1}]}')
    with pytest.raises(NotAllowed, match="no file of tokens"):
        TokenFile(tmp_path).find(made.secret)
