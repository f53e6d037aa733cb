"""Between sessions and the facade: whose words are whose, and what becomes of them when a facade is started anew."""

from __future__ import annotations

import json
from typing import Any

from hybrid_capture.frames import Said
from hybrid_capture.panel_hub import AWAY_TEXT, GONE_S, OPEN_MAX, Hub
from hybrid_capture.panel_sessions import Session
from hybrid_capture.panel_tokens import Entry, PanelTokens
from messages.settings import Limits


class Line:
    """A hub, and what it says to the root."""

    def __init__(self, **limits: Any) -> None:
        self.said: list[tuple[str, dict[str, Any], bytes]] = []
        self.hub = Hub(self._tell, PanelTokens("t"), Limits(**limits))

    def _tell(self, op: str, blob: bytes = b"", **fields: Any) -> None:
        self.said.append((op, fields, blob))

    def enter(self, role: Any = "operator") -> Session:
        entered = self.hub.enter(Entry(role), None, None)
        assert entered is not None
        return entered[0]

    def told(self, clients: list[str], droppable: bool = False, **body: Any) -> None:
        self.hub.heard(Said("told", {"clients": clients, "droppable": droppable}, json.dumps(body).encode()))

    def facade_returned(self) -> None:
        self.hub.heard(Said("facade", {}, b""))


def heard(session: Session) -> list[dict[str, Any]]:
    found = []
    while (told := session.next()) is not None:
        found.append(json.loads(told[1].body))
    return found


def say(line: Line, session: Session, **command: Any) -> None:
    line.hub.say(session, json.dumps(command), command)


def test_a_renderers_words_go_up_with_its_name_and_its_role() -> None:
    line = Line()
    looks = line.enter("observer")
    line.hub.say(looks, "anything", None)
    assert line.said == [("said", {"client": looks.id, "role": "observer"}, b"anything")]


def test_one_event_reaches_everybody_it_is_for() -> None:
    line = Line()
    one, two, three = line.enter(), line.enter(), line.enter()
    line.told([one.id, three.id, "gone"], droppable=True, event="status", status={})
    assert [len(heard(each)) for each in (one, two, three)] == [1, 0, 1]


def test_who_waits_for_a_facade_that_was_started_anew_is_told_and_subscribed_again() -> None:
    line = Line()
    one = line.enter()
    say(line, one, command="subscribe", commandId="c1", live=True)
    say(line, one, command="logout", commandId="c2")
    say(line, one, command="getStatus", commandId="c3")
    line.told([one.id], answer="accepted", commandId="c2")
    heard(one)
    line.said.clear()
    line.facade_returned()
    ended = heard(one)
    assert {(each["code"], each["text"]) for each in ended} == {("AWAY", AWAY_TEXT)}
    assert [(each.get("answer") or each["event"], each["commandId"]) for each in ended] == [
        ("refused", "c1"), ("commandDone", "c2"), ("refused", "c3"),
    ]  # fmt: skip
    again = [json.loads(blob) for op, fields, blob in line.said if fields.get("client") == one.id]
    assert [(each["command"], each["live"]) for each in again] == [("subscribe", True)]
    line.told([one.id], answer="accepted", commandId=again[0]["commandId"])
    assert heard(one) == [], "it did not ask for that"
    line.facade_returned()
    assert heard(one) == [], "nothing waits any more"


def test_a_command_that_is_done_waits_no_longer() -> None:
    line = Line()
    one = line.enter()
    say(line, one, command="logout", commandId="c1")
    line.told([one.id], answer="accepted", commandId="c1")
    line.told([one.id], event="commandProgress", commandId="c1", text="")
    assert one.open == {"c1": True}
    line.told([one.id], event="commandDone", commandId="c1", ok=True)
    assert one.open == {}
    for number in range(OPEN_MAX + 5):
        say(line, one, command="logout", commandId=f"d{number}")
    assert len(one.open) == OPEN_MAX


def test_a_session_that_does_not_come_back_is_given_up() -> None:
    line = Line()
    one = line.enter()
    line.hub.left(one, 10.0)
    line.hub.tick(10.0 + GONE_S - 1)
    assert one.id in line.hub.sessions
    line.hub.tick(10.0 + GONE_S)
    assert (line.hub.sessions, line.hub.news) == ({}, {})
    assert line.said == [("left", {"client": one.id}, b"")]


def test_a_session_is_entered_again_only_with_its_own_token_and_role() -> None:
    line = Line()
    one = line.enter("observer")
    for entry, session in (
        (Entry("observer"), one.id), (Entry("observer", "other"), one.id), (Entry("observer", one.id), None),
        (Entry("operator", one.id), one.id),
    ):  # fmt: skip
        entered = line.hub.enter(entry, session, 0)
        assert entered is not None
        assert entered[0] is not one
    assert line.hub.enter(Entry("observer", one.id), one.id, 0) == (one, True)
    assert line.hub.enter(Entry("observer", one.id), one.id, None) == (one, False)
    assert line.hub.enter(Entry("observer", one.id), one.id, "0") == (one, False)


def test_who_is_turned_away_is_told_to_the_root_in_one_word_a_tick() -> None:
    line = Line()
    for _ in range(1_000):
        line.hub.refuse("4401")
    line.hub.refuse("origin")
    line.hub.tick(1.0)
    line.hub.tick(2.0)
    assert line.said == [("refused", {"text": "1000 x 4401, 1 x origin"}, b"")]


def test_events_that_the_link_left_out_are_a_gap() -> None:
    line = Line()
    one = line.enter()
    line.hub.heard(Said("missed", {"missed": {one.id: 7, "gone": 1}}, b""))
    assert heard(one) == [{"event": "gap", "missed": 7}]


def test_what_is_not_for_renderers_is_left_to_others() -> None:
    assert not Line().hub.heard(Said("taken", {"request": 1, "n": 0}, b""))
