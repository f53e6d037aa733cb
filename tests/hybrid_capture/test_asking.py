"""Questions at a terminal: one answer each, whatever is typed, and no token in what is shown."""

from __future__ import annotations

import io
from typing import Any

import pytest

from hybrid_capture.asking import Asking, Keyboard, clock_of, name_of, show, without_token
from hybrid_capture.console import Screen
from hybrid_capture.inbox import Inbox

NOW = 1_000_000


def question(token: str = "secret-token", **more: Any) -> dict[str, Any]:
    asked = {
        "event": "approvalRequested", "token": token, "kind": "command", "sessionId": "s1", "turnId": "t1",
        "itemId": token, "summary": "rm -r build\nto make room", "diff": "", "diffCut": False,
        "expiresAtMs": NOW + 299_000,
    }  # fmt: skip
    return {**asked, **more}


class Desk:
    """A person at a terminal, and what was decided."""

    def __init__(self, screen: Screen | None = None) -> None:
        self.decided: list[tuple[str, str]] = []
        self.inbox = Inbox()
        self.asking = Asking(
            screen or Screen(False),
            Keyboard(self.inbox),
            lambda event, decision: self.decided.append((event["token"], decision)),
            lambda: NOW,
        )


@pytest.fixture(autouse=True)
def nobody_types(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hybrid_capture.asking.Keyboard.listen", lambda _: None)


@pytest.mark.parametrize(
    ("typed", "decision"),
    [("y", "accept"), (" YES ", "accept"), ("s", "acceptForSession"), ("accept-for-session", "acceptForSession"),
     ("n", "decline"), ("c", "cancel"), ("", "decline"), ("what?", "decline")],
)  # fmt: skip
def test_a_typed_line_is_one_answer(typed: str, decision: str) -> None:
    desk = Desk()
    desk.asking.asked(question())
    desk.asking.typed(typed + "\n")
    desk.asking.typed("y\n")  # to nothing: it changes nothing
    assert desk.decided == [("secret-token", decision)]
    assert not desk.asking.open


def test_questions_are_asked_one_after_the_other_in_the_order_in_which_they_came() -> None:
    desk = Desk()
    for token in ("a", "b", "c"):
        desk.asking.asked(question(token))
    desk.asking.closed("b", "accept")
    desk.asking.typed("y\n")
    desk.asking.typed("n\n")
    assert desk.decided == [("a", "accept"), ("c", "decline")]


def test_at_the_end_of_input_everything_is_declined_and_stays_so() -> None:
    desk = Desk()
    desk.asking.asked(question("a"))
    desk.asking.asked(question("b"))
    desk.asking.typed(None)
    desk.asking.asked(question("c"))
    assert desk.decided == [(token, "decline") for token in "abc"]


def test_what_was_answered_elsewhere_is_not_answered_here() -> None:
    desk = Desk()
    desk.asking.asked(question())
    desk.asking.closed("secret-token", "accept")
    desk.asking.closed("somebody else's", "accept")
    desk.asking.decline_all()
    assert desk.decided == []


def test_people_see_command_diff_and_time_left_and_never_the_token(capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk()
    diff = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\x1b[2J"
    desk.asking.asked(question(kind="fileChange", diff=diff, diffCut=True))
    desk.asking.tick()
    out, err = capsys.readouterr()
    assert "4:59 left" in out
    assert "rm -r build" in out
    assert "    -old\n    +new\n" in out
    assert "goes on" in out
    assert "\x1b[2J" not in out, "what came from a model moves no cursor"
    assert err.count("accept?") == 1, "a pipe gets the question once, not every second"
    assert "secret-token" not in out + err


def test_a_standing_question_is_drawn_again_under_a_half_typed_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]  # a terminal that keeps what it is told
    monkeypatch.setattr("sys.stderr", terminal)
    screen = Screen(False)
    screen.ask("yes? 4:59 > ")
    screen.ask("yes? 4:58 > ")
    screen.ask("yes? 4:58 > ")
    assert terminal.getvalue() == "\r\x1b[Kyes? 4:59 > \x1b7\ryes? 4:58 > \x1b8"
    screen.say("something else")
    screen.ask("yes? 4:57 > ")
    assert terminal.getvalue().endswith("\r\x1b[K\r\x1b[Kyes? 4:57 > ")


def test_a_diff_has_the_colours_of_diffs(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[str, str]] = []
    screen = Screen(False)
    monkeypatch.setattr(screen, "say", lambda text, style="": said.append((text, style)))
    show(question(diff="--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new\n same"), screen, NOW)
    assert [style for text, style in said[3:]] == ["bold", "bold", "cyan", "red", "green", ""]


def test_a_name_is_the_same_for_everybody_and_tells_no_token() -> None:
    mine, yours = question("mine", itemId="i"), question("yours", itemId="i")
    assert name_of(mine) == name_of(yours) != name_of(question("mine", itemId="j"))
    shown = without_token(mine)
    assert shown["id"] == name_of(mine)
    assert "mine" not in str(shown)
    assert without_token({"event": "approvalClosed", "token": "t", "outcome": "accept"}) == {
        "event": "approvalClosed",
        "outcome": "accept",
    }


def test_time_left_is_never_below_zero() -> None:
    assert [clock_of(ms) for ms in (-5, 999, 61_000, 600_000)] == ["0:00", "0:00", "1:01", "10:00"]


def test_the_keyboard_puts_lines_and_the_end_of_input_into_the_inbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr("sys.stdin", io.StringIO("y\nn\n"))
    inbox = Inbox()
    keyboard = Keyboard(inbox)
    keyboard.listen()
    keyboard.listen()
    heard = [inbox.next(30) for _ in range(3)]
    assert heard == [{"event": "typed", "line": line} for line in ("y\n", "n\n", None)]
    assert inbox.next(0) is None
