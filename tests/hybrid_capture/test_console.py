"""What reaches a terminal, and what reaches a program."""

from __future__ import annotations

import json

import pytest

from hybrid_capture.console import Screen, plain
from hybrid_capture.problems import Problem


def test_captured_text_cannot_drive_a_terminal() -> None:
    assert plain("\x1b[31mred\x1b[0m \x1b]0;title\x07name \x1b]8;;http://x\x1b\\link") == "red name link"
    assert plain("a\x1bcb\x07c\x9bd\x7f") == "a�cb�c�d�"
    assert plain("left\u202eright") == "left�right"
    assert plain("one\r\ntwo\tthree\n") == "one\ntwo\tthree\n"


def test_a_person_sees_text_as_it_is_and_a_program_sees_only_json(capsys: pytest.CaptureFixture[str]) -> None:
    for as_json in (False, True):
        screen = Screen(as_json)
        screen.say("SCN:shell:approve [bold]not markup[/bold]", "green")
        screen.table(("id", "text"), [("1", ":smile: [x]")])
        screen.record({"n": 1, "text": "\x1b"})
        out, err = capsys.readouterr()
        assert err == ""
        if as_json:
            assert [json.loads(line) for line in out.splitlines()] == [{"n": 1, "text": "\x1b"}]
        else:
            assert "SCN:shell:approve [bold]not markup[/bold]" in out
            assert ":smile: [x]" in out


def test_the_first_column_is_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    long_id = "0199a213-81a0-7800-8aa1-bbab2a035a53"
    Screen(False).table(("session", "folder"), [(long_id, "/very/long/" * 50)])
    assert long_id in capsys.readouterr().out


def test_a_problem_is_a_sentence_for_people_and_an_object_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    problem = Problem("NOT_RUNNING", "start it", 3)
    Screen(False).problem(problem)
    assert capsys.readouterr() == ("", "start it\n")
    Screen(True).problem(problem)
    out, err = capsys.readouterr()
    assert json.loads(out) == {"error": "start it", "code": "NOT_RUNNING", "exit": 3}
    assert err == "start it\n"


def test_remarks_go_to_standard_error_in_both(capsys: pytest.CaptureFixture[str]) -> None:
    for as_json in (False, True):
        Screen(as_json).note("waiting")
        assert capsys.readouterr() == ("", "waiting\n")


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    Screen(False).say("coloured", "red")
    assert "\x1b[31m" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    Screen(False).say("plain", "red")
    assert "31m" not in capsys.readouterr().out


def test_a_path_that_is_no_text_and_a_long_number_are_no_obstacle(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    value = {"path": "caf\udce9", "n": 2**70}
    Screen(True).record(value)
    assert json.loads(capsysbinary.readouterr().out) == value
    Screen(False).say("caf\udce9")
    assert capsysbinary.readouterr().out.decode() == "caf�\n"
