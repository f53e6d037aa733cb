"""What a verb says: Rich text for people, or one JSON object a line for programs; never both on standard output.

Captured text comes from a model: it is data, and must not move the cursor or set colours in somebody's terminal.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from hybrid_capture.problems import Problem

MODE_STYLES = {"HYBRID_ACTIVE": "green", "DEGRADED_STREAMING": "yellow", "OTEL_ONLY": "cyan", "FAILURE": "red"}
DIFF_STYLES = (("+++", "bold"), ("---", "bold"), ("@@", "cyan"), ("+", "green"), ("-", "red"), ("diff ", "bold"))
"""How a line of a diff begins, and how it looks; the first that fits."""
PIPE_WIDTH = 240
"""Columns when standard output is no terminal: wide enough that no id is cut."""
_SEQUENCES = re.compile("\x1b(\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(\x07|\x1b\\\\)?)")
"""Colours, cursor moves, titles and links, as a terminal is told them."""
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def plain(text: str) -> str:
    """`text` without anything that a terminal obeys, tabs and line ends excepted, or that is no text: the bytes of a
    file's name that are not UTF-8."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", _SEQUENCES.sub("", text.replace("\r\n", "\n")))


def _as_it_is(text: str) -> Text:
    """No markup, no colour by guess, and no `:shell:` turned into a picture."""
    from rich.text import Text

    return Text(plain(text))


def _line(value: dict[str, Any] | list[Any]) -> bytes:
    """One line of JSON, also with a number of more than 64 bits in it, or a path that is no UTF-8."""
    import orjson

    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError:
        import json

        return json.dumps(value, default=str, separators=(",", ":")).encode() + b"\n"


class Screen:
    """Where a verb's words go. `json` chooses; the methods for the other choice do nothing."""

    def __init__(self, json: bool) -> None:
        self.json = json
        self._standing = ""

    def record(self, value: dict[str, Any] | list[Any]) -> None:
        """One JSON line on standard output, at once."""
        if self.json:
            self.document(value)

    def document(self, value: dict[str, Any] | list[Any]) -> None:
        """The same, whatever was chosen."""
        sys.stdout.flush()
        sys.stdout.buffer.write(_line(value))
        sys.stdout.buffer.flush()

    def say(self, text: str, style: str = "") -> None:
        """A line for a person. The text is shown as it is: no markup, no wrapping."""
        if not self.json:
            self._make_room()
            self._out.print(_as_it_is(text), style=style or None, soft_wrap=True)

    def diff(self, text: str, indent: str = "") -> None:
        """A unified diff for a person, in the colours that diffs have."""
        for line in plain(text).splitlines():
            begins = (style for start, style in DIFF_STYLES if line.startswith(start))
            self.say(f"{indent}{line}", next(begins, ""))

    def ask(self, text: str) -> None:
        """A question that waits for a line. At a terminal it can be drawn again, under what is half typed already."""
        if self._standing == text:
            return
        if not sys.stderr.isatty():
            if not self._standing:
                self._err.print(_as_it_is(text), style="dim", soft_wrap=True)
        elif len(self._standing) == len(text):
            sys.stderr.write(f"\x1b7\r{plain(text)}\x1b8")
        else:
            sys.stderr.write(f"\r\x1b[K{plain(text)}")
        sys.stderr.flush()
        self._standing = text

    def answered(self) -> None:
        """A line was typed: the question does not stand any more, and the cursor is below it."""
        self._standing = ""

    def _make_room(self) -> None:
        """Take a standing question away: something else is said in its place, and it is drawn again below."""
        if self._standing and sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._standing = ""

    def marked(self, text: str, marks: Iterable[tuple[int, int]]) -> None:
        """A line for a person with some of its characters in bold."""
        if self.json:
            return
        shown = _as_it_is(text)
        if len(shown.plain) == len(text):  # what a terminal obeys was taken out: the places are not right any more
            for low, high in marks:
                shown.stylize("bold yellow", low, high)
        self._out.print(shown, soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A table for a person. The first column is never cut."""
        if self.json:
            return
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="bold")
        for number, name in enumerate(columns):
            table.add_column(name, no_wrap=number == 0, overflow="fold")
        for row in rows:
            table.add_row(*(_as_it_is(cell) for cell in row))
        self._out.print(table)

    def note(self, text: str) -> None:
        """A remark beside the result, on standard error."""
        self._make_room()
        self._err.print(_as_it_is(text), style="dim", soft_wrap=True)

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Callable[[], None]]:
        """A bar on standard error while something takes long, for a person at a terminal; gives what moves it on."""
        if self.json or not sys.stderr.isatty():
            yield lambda: None
            return
        from rich.progress import Progress

        with Progress(console=self._err, transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda: bar.advance(task)

    def problem(self, problem: Problem) -> None:
        """One sentence on standard error; for a program also one object on standard output, where it reads."""
        if self.json:
            self.document({"error": problem.text, "code": problem.code, "exit": problem.exit_code})
        self._err.print(_as_it_is(problem.text), style="red", soft_wrap=True)

    @cached_property
    def _out(self) -> Console:
        from rich.console import Console

        return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)

    @cached_property
    def _err(self) -> Console:
        from rich.console import Console

        return Console(stderr=True)
