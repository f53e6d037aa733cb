"""The main job on the real tree: a session goes in, one canonical redacted session is stored."""

from __future__ import annotations

import os
import signal
import time

import pytest

from chaos.scripts import PLAIN_TEXT, PLANTED_SECRETS
from tests.live.house import ENDED_S, PATIENCE_S, House, gone, runs, tree
from tests.unhurried import unhurried

pytestmark = pytest.mark.live


def test_a_turn_is_stored_once_item_by_item_and_every_frame_is_accounted_for(house: House) -> None:
    ended = house.turn(house.thread(), "SCN:plain hello")
    assert (ended["status"], ended["items"]) == ("completed", 2)
    assert [row[2:] for row in house.canonical()] == [
        (1, "userMessage", None, 1, "SCN:plain hello"),
        (2, "agentMessage", None, 1, PLAIN_TEXT),
    ]
    ledger = house.ledger()
    assert ledger["balanced"]
    assert ledger["staged"] == 0
    assert ledger["received"] == sum(ledger["dispositions"].values()) > 20


@pytest.mark.parametrize(
    ("decision", "status", "turn"),
    [
        ("accept", "completed", "completed"),
        ("acceptForSession", "completed", "completed"),
        ("decline", "declined", "completed"),
        ("cancel", "declined", "interrupted"),
    ],
)
def test_a_command_waits_for_the_person_and_ends_as_decided(
    house: House, decision: str, status: str, turn: str
) -> None:
    ended = house.turn(house.thread(), "SCN:shell:approve go", decision)
    assert ended["status"] == turn
    [command] = [row for row in house.canonical() if row[3] == "commandExecution"]
    assert command[4] == status


def test_a_token_answers_once(house: House) -> None:
    turn = house.begin(house.thread(), "SCN:shell:approve go")
    token = house.until(lambda e: e.get("event") == "approvalRequested", "the question")["token"]
    first = house.runtime.do({"command": "submitApproval", "token": token, "decision": "accept"})
    again = house.runtime.do({"command": "submitApproval", "token": token, "decision": "decline"})
    forged = house.runtime.do({"command": "submitApproval", "token": "guess", "decision": "accept"})
    assert first["ok"]
    assert {again["code"], forged["code"]} == {"UNKNOWN_ID"}
    assert house.stored(turn)["status"] == "completed"


def test_a_patch_is_captured_with_its_changes(house: House) -> None:
    house.turn(house.thread(), "SCN:patch:approve")
    [change] = [row for row in house.canonical() if row[3] == "fileChange"]
    assert "patched.txt" in change[6]


def test_planted_secrets_reach_no_byte_of_the_state_folder_and_no_event(house: House) -> None:
    turn = house.begin(house.thread(), "SCN:secret now")
    seen: list[str] = []
    house.until(lambda e: seen.append(str(e)) or (e.get("turnId") == turn and e["event"] == "turnStored"), "the turn")
    assert any("[REDACTED:" in text for text in seen)
    house.runtime.stop()
    content = "".join(seen) + "".join(
        path.read_bytes().decode(errors="replace") for path in house.runtime.state_dir.rglob("*") if path.is_file()
    )
    assert [name for name, secret in PLANTED_SECRETS.items() if secret in content] == []


def test_a_retry_of_the_provider_leaves_one_item_and_names_what_it_superseded(house: House) -> None:
    house.turn(house.thread(), "SCN:retry")
    assert [row[3] for row in house.canonical()] == ["userMessage", "agentMessage"]
    assert house.ledger()["dispositions"]["dropped:superseded"] >= 1
    assert house.rows("SELECT count(*) FROM audit WHERE text LIKE '%superseded%' OR kind LIKE '%superseded%'") != [(0,)]


def test_an_interrupted_turn_names_the_open_item_it_lost(house: House) -> None:
    thread = house.thread()
    turn = house.begin(thread, "SCN:interrupt")
    house.until(lambda e: e.get("event") == "itemStored", "the prompt")
    done = house.runtime.do({"command": "interruptTurn", "threadId": thread, "turnId": turn})
    assert done["ok"], done
    assert house.stored(turn)["status"] == "interrupted"
    ledger = house.ledger()
    assert ledger["dispositions"]["dropped:turn_interrupted"] >= 1
    [lost] = house.rows("SELECT session_id, turn_id, item_id, frames FROM audit WHERE item_id IS NOT NULL")
    assert lost[0] == thread
    assert lost[3] == ledger["dispositions"]["dropped:turn_interrupted"]


def test_garbage_on_the_pipe_is_counted_and_named_and_the_turn_is_captured(house: House) -> None:
    ended = house.turn(house.thread(), "SCN:garbage")
    assert ended["status"] == "completed"
    ledger = house.ledger()
    assert ledger["balanced"]
    assert ledger["dispositions"]["dropped:malformed"] >= 2
    assert ledger["dispositions"]["dropped:invalid_utf8"] >= 1
    assert ledger["dispositions"]["ignored_unknown"] >= 1
    wanted = {"malformed", "invalid_utf8", "unknown_method"}
    house.until_rows("SELECT kind FROM audit", lambda rows: wanted <= {kind for (kind,) in rows})


def test_a_line_over_the_limit_is_dropped_by_name_and_the_stream_goes_on(house: House) -> None:
    too_long = house.settings.limits.line_bytes_max + 1
    house.begin(house.thread(), f"SCN:longline:{too_long}")
    house.until(lambda e: e.get("event") == "itemStored", "the prompt")
    assert house.turn(house.thread(), "SCN:plain after")["status"] == "completed"
    assert house.ledger()["dispositions"]["dropped:line_too_long"] >= 1
    query = "SELECT text FROM audit WHERE kind = 'line_too_long'"
    house.until_rows(query, lambda rows: any(str(too_long) in text for (text,) in rows))


def test_a_flood_is_lossless(house: House) -> None:
    ended = house.turn(house.thread(), "SCN:flood:100000")
    assert ended["status"] == "completed"
    ledger = house.ledger()
    assert ledger["balanced"]
    assert ledger["dispositions"]["merged"] >= 100_000
    [(text,)] = house.rows("SELECT text FROM items WHERE kind = 'agentMessage'")
    assert text == "".join(f"{i % 1000:03d} " for i in range(100_000))


def test_a_killed_sidecar_comes_back_by_itself_and_the_next_turn_is_captured(house: House) -> None:
    thread = house.thread()
    house.turn(thread, "SCN:plain before")
    house.kill("codex")
    status = house.active(generation=2)
    assert status["handshake"] == {"initialize_sent": True, "initialized": True}
    assert status["auth"]["state"] == "authenticated"
    assert house.turn(house.thread(), "SCN:plain after")["status"] == "completed"
    assert [row[6] for row in house.canonical() if row[3] == "userMessage"] == ["SCN:plain before", "SCN:plain after"]


def test_a_sidecar_killed_in_mid_turn_loses_its_open_item_by_name(house: House) -> None:
    house.begin(house.thread(), "SCN:slow:1000")
    house.until(lambda e: e.get("event") == "itemStored", "the prompt")
    house.kill("codex")
    house.active(generation=2)
    ledger = house.ledger()
    assert ledger["balanced"]
    assert ledger["dispositions"]["dropped:sidecar_exited"] >= 1


def test_an_app_server_that_is_silent_for_a_while_is_told_of_and_lives_on(build) -> None:  # type: ignore[no-untyped-def]
    timing = unhurried(liveness_interval_ms=100, liveness_late_ms=200, liveness_deadline_ms=60_000)
    with build(timing=timing) as house:
        house.active()
        pid = house.kill("codex", signal.SIGSTOP)
        status = house.until_status(lambda s: s["mode"] == "DEGRADED_STREAMING", "the silence told")
        assert status["mode_reason"] == "stream is not healthy: the app-server is silent"
        os.kill(pid, signal.SIGCONT)
        assert house.active()["sidecar"]["generation"] == 1
        assert house.turn(house.thread(), "SCN:plain after")["status"] == "completed"


def test_a_hung_sidecar_is_found_by_its_silence_and_replaced(build) -> None:  # type: ignore[no-untyped-def]
    # Where a busy machine is taken for a hang, one more is replaced: that makes no crash loop here.
    timing = unhurried(liveness_interval_ms=200, liveness_deadline_ms=1_000, restarts_max=100)
    with build(timing=timing) as house:
        house.active()
        house.kill("codex", signal.SIGSTOP)
        status = house.active(generation=2)
        assert status["sidecar"]["restarts_in_window"] >= 1
        house.until_rows(
            "SELECT cause FROM transitions", lambda rows: any("no answer for" in cause for (cause,) in rows)
        )


def test_the_third_restart_in_the_window_is_refused_until_a_person_says_so(house: House) -> None:
    house.kill("codex")
    house.active(generation=2)
    house.kill("codex")
    house.active(generation=3)
    house.kill("codex")
    status = house.until_status(lambda s: s["sidecar"]["state"] == "crash_loop", "crash_loop")
    assert status["mode"] == "DEGRADED_STREAMING"
    assert "crash_loop" in status["mode_reason"]
    done = house.runtime.do({"command": "restartSidecar"})
    assert done["ok"], done
    assert house.active(generation=4)["sidecar"]["restarts_in_window"] == 0


@pytest.mark.parametrize("name", ["ingest", "stager", "auth", "sidecar", "facade"])
def test_a_killed_actor_is_started_again_and_capture_goes_on(house: House, name: str) -> None:
    thread = house.thread()
    house.turn(thread, "SCN:plain one")
    pid = house.kill(name)
    house.until_status(
        lambda s: (
            s["mode"] == "HYBRID_ACTIVE"
            and any(a["name"] == name and a["restarts"] == 1 and a["pid"] not in (None, pid) for a in s["actors"])
        ),
        f"{name} again",
    )
    assert house.turn(house.thread(), "SCN:shell:approve two")["status"] == "completed"
    assert house.ledger()["balanced"]
    assert [row[3] for row in house.canonical()].count("agentMessage") == 2


@pytest.mark.parametrize("name", ["stager", "ingest"])
def test_an_actor_killed_in_mid_flood_costs_no_frame_and_no_item(house: House, name: str) -> None:
    turn = house.begin(house.thread(), "SCN:flood:300000")
    house.until(lambda e: e.get("event") == "itemStored", "the prompt")
    house.kill(name)
    assert house.stored(turn)["status"] == "completed"
    ledger = house.ledger()
    assert ledger["balanced"], ledger
    assert ledger["staged"] == 0
    [(text,)] = house.rows("SELECT text FROM items WHERE kind = 'agentMessage'")
    assert text == "".join(f"{i % 1000:03d} " for i in range(300_000))


@pytest.mark.parametrize("name", ["supervisor", "admin", "root"])
def test_the_tree_is_built_anew_when_its_spine_breaks(house: House, name: str) -> None:
    house.turn(house.thread(), "SCN:plain one")
    old = tree(house)
    house.break_spine(name)
    house.active()
    assert gone(old, ENDED_S)
    assert house.turn(house.thread(), "SCN:plain two")["status"] == "completed"
    assert len([row for row in house.canonical() if row[3] == "agentMessage"]) == 2


def test_the_transition_log_is_complete_and_in_order(house: House) -> None:
    house.kill("codex")
    house.active(generation=2)
    house.runtime.stop()
    rows = house.rows("SELECT seq, what, before, after FROM transitions ORDER BY id")
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    modes = [row[3] for row in rows if row[1] == "mode"]
    assert modes[-4:].count("HYBRID_ACTIVE") >= 1
    last: dict[str, str] = {}
    for _, what, before, after in [row for row in rows if row[1] in ("mode", "auth", "handshake")]:
        assert last.get(what, "") == before
        last[what] = after


def test_stopping_leaves_no_process_and_no_socket(house: House) -> None:
    processes = house.everything()
    assert len(processes) >= 9  # root, admin, logger, supervisor, five leaves, codex's stand-in
    house.turn(house.thread(), "SCN:plain hello")
    house.runtime.stop()
    assert gone(processes, ENDED_S)
    assert [path for path in house.runtime.state_dir.rglob("*") if path.is_socket()] == []
    assert not (house.runtime.state_dir / "runtime.json").exists()
    assert os.stat(house.database).st_mode & 0o777 == 0o600


@pytest.mark.parametrize("victim", ["codex", "sidecar", "root"])
def test_a_command_that_codex_left_running_ends_with_its_generation(house: House, victim: str) -> None:
    house.turn(house.thread(), "SCN:orphan:600")
    [orphan] = [each for each in house.everything() if runs(each, "600")]
    assert os.getsid(orphan.pid) == orphan.pid, "no signal to a process group reaches it"
    house.kill(victim)
    assert gone({orphan}, PATIENCE_S)  # that of a root by the next one
    house.active(generation=1 if victim == "root" else 2)
    [(text,)] = house.until_rows("SELECT text FROM audit WHERE kind = 'leftovers_ended'", bool)
    assert str(orphan.pid) in text
    assert house.turn(house.thread(), "SCN:plain after")["status"] == "completed"


def test_a_spare_root_takes_over_and_is_replaced(house: House) -> None:
    end = time.monotonic() + PATIENCE_S
    while "spare" not in house.runtime.pids:
        assert time.monotonic() < end, "there is no spare root"
        house.events.next(0.1)  # nothing tells of it
    spare = house.runtime.pids["spare"]
    house.break_spine("root")
    house.active()
    assert house.runtime.pids["root"] == spare
    assert house.turn(house.thread(), "SCN:plain hello")["status"] == "completed"
