"""What a person sees while a mission runs: a live page on a terminal, one line per verdict elsewhere."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, Protocol

from rich.console import RenderableType
from rich.live import Live
from rich.text import Text

from journeyman.engine.standing import Standing
from journeyman.interfaces.cli.event_lines import EventLines, is_failure
from journeyman.interfaces.cli.live_page import Moment, session_page
from journeyman.interfaces.cli.terminal import SafeConsole, err_stream, folded
from journeyman.mission.model import events as e
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.reasons import SessionStatus
from journeyman.mission.model.state import State
from journeyman.mission.values.printable import visible

_KEPT_LINES: Final = 6
_PER_SECOND: Final = 8
_SIGNS: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_SHOWN_RUNNING: Final = 4
Now = Callable[[], float]


class Display(Protocol):
    """Shows a session as it goes on."""

    @property
    def echoes(self) -> bool:
        """Whether it shows what a person types, so that the terminal must not."""
        ...

    def show(self, happened: EventRecord, state: State) -> None:
        """Take one event in."""
        ...

    def stand(self, state: State, words: str) -> None:
        """Take in where a session that others may drive stands now."""
        ...

    def ask(self, rows: Sequence[str]) -> None:
        """Show what a person is asked; no rows when nothing is asked any more."""
        ...

    def typed(self, text: str) -> None:
        """Show what the person has typed so far."""
        ...

    def say(self, text: str) -> None:
        """Show a line of our own."""
        ...

    def close(self) -> None:
        """Leave the last picture standing."""
        ...


def open_display(*, quiet: bool, verbose: bool = False, addresses: Mapping[str, str] | None = None) -> Display:
    """The display that fits: none, a live page, or plain lines. All write to standard error.

    `verbose` and `addresses` are as for `EventLines`.
    """
    if quiet:
        return QuietDisplay()
    console = SafeConsole(file=err_stream(), stderr=True, highlight=False, emoji=False)
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveDisplay(console, verbose=verbose, addresses=addresses)
    return LineDisplay(verbose=verbose, addresses=addresses)


class QuietDisplay:
    """Shows nothing but what a person is asked."""

    echoes = False

    def show(self, happened: EventRecord, state: State) -> None:
        """Take one event in."""

    def stand(self, state: State, words: str) -> None:
        """Take in where it stands."""

    def ask(self, rows: Sequence[str]) -> None:
        """Print the question."""
        _print_question(rows)

    def typed(self, text: str) -> None:
        """Show nothing: the terminal does."""

    def say(self, text: str) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Leave nothing."""


class LineDisplay:
    """One plain line for each verdict, question and ending."""

    echoes = False

    def __init__(self, *, verbose: bool = False, addresses: Mapping[str, str] | None = None) -> None:
        self._words = EventLines(verbose=verbose, addresses=addresses)
        self._stands = ""

    def show(self, happened: EventRecord, state: State) -> None:
        """Print the event if it is worth a line."""
        self.say(self._words.line(happened, state))

    def stand(self, state: State, words: str) -> None:
        """Print where it stands, when that is new."""
        del state
        if words != self._stands:
            self._stands = words
            self.say(f"it is {words}")

    def ask(self, rows: Sequence[str]) -> None:
        """Print the question."""
        _print_question(rows)

    def typed(self, text: str) -> None:
        """Show nothing: the terminal does."""

    def say(self, text: str) -> None:
        """Print a line."""
        if text:
            _write(f"{visible(text)}\n")

    def close(self) -> None:
        """Nothing is left to do."""


def _print_question(rows: Sequence[str]) -> None:
    if rows:
        _write("".join(f"{visible(row)}\n" for row in rows) + "approve? type y or n, then Enter: ")


def _write(text: str) -> None:
    with suppress(OSError, ValueError):  # nobody reads any more: the mission goes on
        stream = err_stream()
        stream.write(folded(text, stream))
        stream.flush()


class LiveDisplay:
    """A page that redraws itself, some times a second."""

    echoes = True

    def __init__(
        self,
        console: SafeConsole,
        *,
        verbose: bool = False,
        addresses: Mapping[str, str] | None = None,
        now: Now = time.monotonic,
    ) -> None:
        self._console = console
        self._now = now
        self._began = now()
        self._words = EventLines(verbose=verbose, addresses=addresses, columns=lambda: console.width)
        self._lines: deque[Text] = deque(maxlen=_KEPT_LINES)
        self._under_way: dict[str, tuple[str, float]] = {}
        self._question: tuple[str, ...] = ()
        self._typed = ""
        self._stands = Standing.RUNNING.words
        self._state: State | None = None
        self._seen_s = self._began
        """When the newest event came: the state knows the time driven until then."""
        self._width = console.width
        self._live = Live(
            console=console, get_renderable=self._page, refresh_per_second=_PER_SECOND, redirect_stdout=False,
            redirect_stderr=False,
        )  # fmt: skip
        self._live.start()

    def show(self, happened: EventRecord, state: State) -> None:
        """Take in an event; the page shows it with its next picture."""
        self._state, self._seen_s = state, self._now()
        self._follow(happened.event)
        line = self._words.line(happened, state)
        if line:
            self._add(Text(line, style="red" if is_failure(happened.event, state) else ""))

    def _follow(self, event: e.Event) -> None:
        match event:
            case e.Intended():
                self._under_way[event.effect] = (event.tool, self._now())
            case e.Settled() | e.Reconciled():
                self._under_way.pop(event.effect, None)
            case e.AdviceAsked():
                self._under_way[event.ask] = (f"asking advisor {event.advisor}", self._now())
            case e.AdviceSettled():
                self._under_way.pop(event.ask, None)
            case _:
                pass

    def _add(self, line: Text) -> None:
        self._lines = deque([*self._lines, line], maxlen=_KEPT_LINES)  # a new one: the picture is drawn in a thread

    def stand(self, state: State, words: str) -> None:
        """Take in where it stands."""
        self._state, self._stands = state, words

    def ask(self, rows: Sequence[str]) -> None:
        """Show what a person is asked under the page."""
        self._question, self._typed = tuple(rows), ""
        self._refresh()

    def typed(self, text: str) -> None:
        """Show what the person has typed."""
        self._typed = text
        self._refresh()

    def say(self, text: str) -> None:
        """Show a line among the events."""
        if text:
            self._add(Text(text))

    def _page(self) -> RenderableType:
        if self._console.width < self._width:
            self._console.clear()  # the terminal has folded what stood there
        self._width = self._console.width
        if self._state is None:
            return Text(f"{self._clock()} opening …")
        return session_page(self._state, self._moment(self._state))

    def _moment(self, state: State) -> Moment:
        now, flying = self._now(), {effect.intended.effect for effect in state.in_flight} | set(state.advice.open)
        running = [f"{what} {now - since:.0f} s" for name, (what, since) in self._under_way.items() if name in flying]
        return Moment(
            stands=self._stands,
            lines=tuple(self._lines),
            clock="" if state.outcome else self._clock(),
            running=running[:_SHOWN_RUNNING],
            question=self._question,
            typed=self._typed,
            driving_s=now - self._seen_s if self._is_driven(state) else 0.0,
            columns=self._console.width,
        )

    def _is_driven(self, state: State) -> bool:
        """Tell whether time counts now: not while a person is waited for."""
        open_one = state.status is SessionStatus.OPEN and not self._question
        return open_one and self._stands == Standing.RUNNING.words

    def _clock(self) -> str:
        passed = self._now() - self._began
        sign = _SIGNS[int(passed * _PER_SECOND) % len(_SIGNS)]
        minutes, seconds = divmod(int(passed), 60)
        return f"{sign} {minutes:02}:{seconds:02}"

    def _refresh(self) -> None:
        with suppress(OSError, ValueError):
            self._live.refresh()

    def close(self) -> None:
        """Draw a last time and leave the page standing; closing again does nothing."""
        with suppress(OSError, ValueError):
            self._live.stop()
