"""Keep MCP servers running and honest: started on demand, restarted with backoff, definitions held to what was seen first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Final, Protocol, TypeVar, cast

import anyio
from anyio.abc import TaskGroup

from journeyman.mission.values.canonical import Json
from journeyman.mission.values.errors import InvalidInput, Problem, Unavailable
from journeyman.tools.base import CallStatus
from journeyman.tools.blocking import run_blocking
from journeyman.tools.deadline import Deadline
from journeyman.tools.results import WireAnswer, one_line
from journeyman.tools.send_state import SendState
from journeyman.tools.servers.config import ServerConfig
from journeyman.tools.servers.definition import ConnectionLost, Definition, TransportError, pin_of
from journeyman.tools.servers.outbox import Outbox

Value = TypeVar("Value")

_WORDS_S: Final = 5.0
"""How long a call waits to learn why its connection ended."""
_LAST_WORDS_S: Final = 1.0
"""How long is waited to learn why a server that was stopped at its start did not start."""
_HURRY_S: Final = 0.03
"""How long a server may take to leave when no time is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPolicy:
    """How patient we are with a server."""

    start_s: float = 20.0
    close_s: float = 5.0
    """How long it may take to leave at the end before it is killed."""
    backoff_s: float = 0.2
    """Wait before the first restart; doubled for each further one, up to `backoff_max_s`, times 0.5 to 1.5."""
    backoff_max_s: float = 10.0
    recheck_s: float = 30.0
    """How old the list of tools may be; servers that change without saying so are caught by it."""
    message_bytes: int = 80 * 2**20
    """The longest message that is read; a server that writes more is stopped."""


class _ProcessHealth(Protocol):
    ended: bool

    def words(self) -> str: ...
    def kill(self) -> None: ...


class _SupervisedConnection(Protocol):
    announced: bool

    async def definitions(self) -> tuple[Definition, ...]: ...
    async def call(self, name: str, args: Mapping[str, Json], key: str, number: int) -> WireAnswer: ...


class _ConnectionModule(Protocol):
    """What the module that knows the SDK gives."""

    def ServerHealth(self) -> _ProcessHealth: ...  # noqa: N802 - the name of a class
    def connect(
        self, server: ServerConfig, health: _ProcessHealth, outbox: Outbox, message_bytes: int
    ) -> AbstractAsyncContextManager[_SupervisedConnection]: ...
    async def follow_changes(self, connection: _SupervisedConnection, ready: Callable[[], None]) -> None: ...


def _connection_module() -> _ConnectionModule:
    try:
        return cast("_ConnectionModule", import_module("journeyman.tools.servers.connection"))
    except ImportError as error:
        problem = Problem(
            where="servers", message=f"need the MCP client ({error})", hint="pip install 'journeyman[mcp]'"
        )
        raise InvalidInput("this installation", (problem,), code="extra_missing") from error


@dataclass(slots=True)
class _ConnectionRun:
    """One connection from its start to its end, owned by one task."""

    health: _ProcessHealth
    outbox: Outbox = field(default_factory=Outbox)
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    up: anyio.Event = field(default_factory=anyio.Event)
    stop: anyio.Event = field(default_factory=anyio.Event)
    down: anyio.Event = field(default_factory=anyio.Event)
    connection: _SupervisedConnection | None = None
    error: Exception | None = None
    listed_at_s: float = 0.0
    """When the tools were last listed, on the event loop's clock."""
    checked: bool = False
    """Its tools were compared with those of the first start."""

    def alive(self) -> bool:
        return self.checked and self.connection is not None and not self.health.ended and not self.stop.is_set()

    def kill(self) -> None:
        """End the connection at once, without waiting for it."""
        self.health.kill()
        self.stop.set()
        self.scope.cancel()


class McpServer:
    """One server and its tools. The first list of definitions counts; a tool that differs from it later is refused."""

    def __init__(
        self,
        config: ServerConfig,
        group: TaskGroup,
        policy: ServerPolicy,
        jitter: Callable[[], float],
        deadline: Deadline | None = None,
    ) -> None:
        self.config = config
        self._deadline = deadline or Deadline()
        self.definitions: dict[str, Definition] = {}
        self._pins: dict[str, str] = {}
        self._changed: dict[str, str] = {}
        self._group = group
        self._policy = policy
        self._jitter = jitter
        self._life: _ConnectionRun | None = None
        self._starting = anyio.Lock()
        self._listing = anyio.Lock()
        self._deaths = 0

    async def open(self) -> None:
        """Start the server and learn its tools; raise `Unavailable` when that cannot be done."""
        await self._running()

    async def close(self) -> None:
        """Stop the server, within the policy's time and the deadline's."""
        life = self._life
        if life is None:
            return
        life.stop.set()
        with anyio.move_on_after(max(_HURRY_S, self._deadline.bound(self._policy.close_s))):
            await life.down.wait()
        life.kill()

    async def call(self, name: str, args: Mapping[str, Json], key: str, sending: SendState) -> WireAnswer:
        """The answer of the server's tool `name`; raises `TransportError` for everything else that can happen.

        Cancelling leaves at once. `sending.sent` is right whenever this ends, in whatever way.
        """
        try:
            life = await self._running()
        except Unavailable as error:
            raise TransportError(CallStatus.FAILED, "server_unreachable", str(error)) from error
        connection = cast("_SupervisedConnection", life.connection)
        try:
            await self._list_again_when_due(life, connection)
            if name in self._changed:
                raise TransportError(CallStatus.FAILED, "tool_changed", self._changed[name])
            number = life.outbox.begin_attempt()
            try:
                answer = await self._in_own_task(lambda: connection.call(name, args, key, number))
            finally:
                # From now on this try cannot depart, so what is told here stays true.
                sending.sent = life.outbox.end_attempt(number)
        except ConnectionLost as error:
            raise await self._ended(life, error, left=sending.sent) from error
        self._deaths = 0
        return answer

    async def _in_own_task(self, job: Callable[[], Awaitable[Value]]) -> Value:
        """What the SDK gives, in a task of its own: it may take its time to let go, and nobody waits for that."""
        scope, done = anyio.CancelScope(), anyio.Event()
        given: list[Value] = []
        faults: list[Exception] = []

        async def work() -> None:
            try:
                with scope:
                    given.append(await job())
            except Exception as error:  # noqa: BLE001 - raised again by whoever waits
                faults.append(error)
            finally:
                done.set()

        self._group.start_soon(work)
        try:
            await done.wait()
        finally:
            scope.cancel()
        if given:
            return given[0]
        raise faults[0] if faults else ConnectionLost("the connection ended")

    async def _running(self) -> _ConnectionRun:
        life = self._life
        if life is not None and life.alive():
            return life
        async with self._starting:
            if self._life is not None and self._life.alive():
                return self._life
            if self._life is not None:
                # Its last process must be gone before there is another.
                self._life.kill()
                await self._life.down.wait()
                self._deaths += 1
            if self._deaths:
                await anyio.sleep(self._delay_s())
            return await self._start()

    def _delay_s(self) -> float:
        policy = self._policy
        delay_s = min(policy.backoff_s * 2.0 ** min(self._deaths - 1, 30), policy.backoff_max_s)
        return delay_s * (0.5 + self._jitter())

    async def _start(self) -> _ConnectionRun:
        wire = await run_blocking(
            _connection_module
        )  # a thread: loading the SDK takes a second, in which a deadline may come
        life = self._life = _ConnectionRun(wire.ServerHealth())
        self._group.start_soon(self._hold_connection, wire, life)
        reason = ""
        try:
            with anyio.move_on_after(self._deadline.bound(self._policy.start_s)) as patience:
                await life.up.wait()
                if life.connection is not None:
                    await self._list_tools(life, life.connection)
                    life.checked = True
                    return life
            reason = "no answer" if patience.cancelled_caught else _reason(life)
        except (ConnectionLost, TransportError) as error:
            reason = str(error)
        finally:
            # Also when the caller left: nobody may use a connection whose tools were not compared.
            if not life.checked:
                life.kill()
        with anyio.move_on_after(_LAST_WORDS_S):
            await life.down.wait()
        raise Unavailable(self._start_text(life, reason))

    def _start_text(self, life: _ConnectionRun, reason: str) -> str:
        again = f" (restart {self._deaths})" if self._deaths else ""
        told = "; ".join(filter(None, [reason, life.health.words()]))
        text = f"server {self.config.name!r} cannot be started{again}: {told}; check its {self.config.words()}"
        return one_line(text)

    async def _hold_connection(self, wire: _ConnectionModule, life: _ConnectionRun) -> None:
        """Hold one connection from start to end, so that no cancel scope of the SDK ever crosses tasks."""
        try:
            with life.scope:
                async with wire.connect(
                    self.config, life.health, life.outbox, self._policy.message_bytes
                ) as connection:
                    life.connection = connection
                    async with anyio.create_task_group() as group:
                        group.start_soon(wire.follow_changes, connection, life.up.set)
                        await life.stop.wait()
                        group.cancel_scope.cancel()
        except Exception as error:  # noqa: BLE001 - whatever ends a connection is that server's fault, and is told by the call
            life.error = error
        finally:
            life.connection = None
            life.up.set()
            life.down.set()

    async def _list_again_when_due(self, life: _ConnectionRun, connection: _SupervisedConnection) -> None:
        if not self._due(life, connection):
            return
        async with self._listing:
            if self._due(life, connection):
                await self._list_tools(life, connection)

    def _due(self, life: _ConnectionRun, connection: _SupervisedConnection) -> bool:
        return connection.announced or anyio.current_time() - life.listed_at_s > self._policy.recheck_s

    async def _list_tools(self, life: _ConnectionRun, connection: _SupervisedConnection) -> None:
        connection.announced = False
        try:
            found = {definition.name: definition for definition in await self._in_own_task(connection.definitions)}
        except BaseException:
            connection.announced = True  # Still to be done, by whoever calls next.
            raise
        life.listed_at_s = anyio.current_time()
        pins = {name: pin_of(definition) for name, definition in found.items()}
        if not self._pins:
            self.definitions, self._pins = found, pins
            return
        self._changed = {
            name: f"server {self.config.name!r} {'no longer offers' if name not in pins else 'changed its definition of'} "
            f"{name!r} while the mission runs; look at the server, then start the mission again"
            for name, pin in self._pins.items()
            if pins.get(name) != pin
        }

    async def _ended(self, life: _ConnectionRun, error: ConnectionLost, *, left: bool) -> TransportError:
        life.stop.set()
        with anyio.move_on_after(_WORDS_S):
            await life.down.wait()
        told = "; ".join(filter(None, [life.health.words(), _reason(life), str(error)]))
        name = self.config.name
        if not left:
            return TransportError(CallStatus.FAILED, "server_unreachable", f"server {name!r} was not reached: {told}")
        if error.refused:
            return TransportError(CallStatus.FAILED, "server_died", f"server {name!r} has forgotten us: {told}")
        return TransportError(CallStatus.UNKNOWN, "server_died", f"server {name!r} ended before it answered: {told}")


def _leaves(error: BaseException | None) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in cast("BaseExceptionGroup[BaseException]", error).exceptions:
            yield from _leaves(inner)
    elif error is not None:
        yield error


def _reason(life: _ConnectionRun) -> str:
    return "; ".join(f"{type(error).__name__}: {error}".rstrip(": ") for error in _leaves(life.error))
