"""OTLP on the real tree: stored before it is answered, whoever is killed, stopped, full or slow meanwhile."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import orjson
import psutil
import pytest

from actors.wire.otlp_answers import CONTENT_TYPES
from messages.settings import Limits, Timing
from tests.actors.wire.otlp_bodies import (
    PROMPT,
    SESSION,
    THREAD,
    TRACE,
    TURN,
    api_request,
    as_json,
    as_protobuf,
    claude_log,
    codex_log,
    request,
    span,
)
from tests.live.exporter import GIVE_UP_S, Exporter
from tests.live.faults import KILLED
from tests.live.house import ENDED_S, PATIENCE_S, House, gone
from tests.ports import reserved, standard_port_taken
from tests.unhurried import unhurried

pytestmark = pytest.mark.live
Build = Callable[..., House]
ABSENT_S = 2.0
HOLD_S = 6.0
HELD_MS = 8_000
EXPORTERS_WAIT_S = 10.0


def alone(build: Build, **settings: object) -> House:
    """A house without an app-server: the baseline is all there is."""
    return build(streaming=False, **settings)


def healthy(house: House) -> House:
    house.until_status(lambda s: bool(s.get("baseline", {}).get("healthy")), "a healthy baseline")
    return house


def all_there(exporter: Exporter) -> None:
    """Everything that was answered is stored, nothing twice."""
    exporter.stop()
    rows = exporter.rows()
    assert exporter.lost == 0, exporter.answers
    assert exporter.stored > 0
    assert rows == [(n, 1) for n in range(exporter.stored)]
    ledger = exporter.house.ledger()
    assert ledger["balanced"], ledger


def test_both_tools_in_both_encodings_make_sessions_with_turns_and_usage(build: Build) -> None:
    with alone(build) as house:
        healthy(house)
        exporter = Exporter(house)
        claude = request("logs", claude_log("user_prompt", 0), api_request("req_1"), claude_log("odd_new_one", 2))
        codex = request(
            "logs", codex_log("user_prompt", prompt="hi"),
            codex_log("sse_event", event__kind="response.completed", input_token_count="12", output_token_count="3"),
            service="codex-app-server",
        )  # fmt: skip
        for document in (claude, codex, claude):
            assert exporter.post(as_json(document))[0] == 200
            status, headers, said = exporter.post(
                as_protobuf("logs", document), **{"Content-Type": CONTENT_TYPES["protobuf"]}
            )
            assert (status, headers["content-type"], said) == (200, CONTENT_TYPES["protobuf"], b"")
        assert set(house.rows("SELECT tool, session_id FROM sessions")) == {("claude", SESSION), ("codex", THREAD)}
        assert house.rows("SELECT turn_id FROM turns") == [(PROMPT,)]
        assert house.rows(
            "SELECT response_id, input, cost_usd_micros FROM response_usage WHERE cost_usd_micros > 0"
        ) == [("req_1", 157, 971)]
        assert len(house.rows("SELECT 1 FROM events")) == 5
        assert house.rows("SELECT subject FROM audit WHERE kind = 'telemetry'") == [("claude odd_new_one",)]
        status = house.runtime.status()
        ledger = house.ledger()
        assert (ledger["received"], ledger["balanced"]) == (16, True)
        assert [(each["name"], each["healthy"]) for each in status["sources"]][:1] == [("otlp", True)]


def test_telemetry_joins_its_turn_by_the_trace_whichever_comes_first(build: Build) -> None:
    with alone(build) as house:
        healthy(house)
        exporter = Exporter(house)
        log = request("logs", codex_log("tool_result", call_id="call_1"), service="codex_cli_rs")
        turn = request("traces", span("turn", turn__id=TURN, conversation__id=THREAD), service="codex_cli_rs")
        assert exporter.post(as_json(log))[0] == 200
        exporter._connection = None
        connection = http.client.HTTPConnection("127.0.0.1", exporter.port)
        connection.request(
            "POST", f"/s/{exporter.token}/v1/traces", as_json(turn), {"Content-Type": "application/json"}
        )
        assert connection.getresponse().status == 200
        connection.close()
        joined = (
            "SELECT t.turn_id, e.name FROM events e JOIN turns t ON t.session_row = e.session_row"
            " AND t.trace_id = e.trace_id WHERE e.turn_id IS NULL"
        )
        assert house.rows(joined) == [(TURN, "tool_result")]
        assert house.rows("SELECT trace_id FROM turns") == [(TRACE,)]


def test_a_turn_of_ours_carries_a_trace_by_which_its_telemetry_finds_it(house: House) -> None:
    turn = house.turn(house.thread(), "SCN:plain hello")
    ((turn_id, trace_id),) = house.until_rows("SELECT turn_id, trace_id FROM turns WHERE trace_id IS NOT NULL", bool)
    assert (turn_id, len(trace_id), int(trace_id, 16) > 0) == (turn["turnId"], 32, True)


def test_whoever_is_killed_during_traffic_costs_no_record_and_none_comes_twice(build: Build) -> None:
    with alone(build, timing=KILLED) as house:
        healthy(house)
        exporter = Exporter(house).start()
        for name in ("ingest", "baseline", "gateway", "baseline", "supervisor", "root"):
            exporter.until_more()
            house.kill(name)
            exporter.until_more()
            healthy(house)
        all_there(exporter)


@pytest.mark.parametrize("name", ["root", "supervisor"])
def test_a_request_in_hand_when_the_root_goes_is_answered_200_by_the_next_tree(build: Build, name: str) -> None:
    with alone(build, timing=unhurried(otlp_hold_ms=HELD_MS)) as house:
        healthy(house)
        _until_spare(house)
        exporter, root = Exporter(house), house.runtime.pids["root"]
        body = exporter.body()
        gateway = psutil.Process(house.pid_of("gateway"))
        with _locked(house.database) as release:
            answers: list[int] = []
            waiting = threading.Thread(target=lambda: answers.append(exporter.post(body)[0]))
            begun = time.monotonic()
            waiting.start()
            time.sleep(0.3)  # it is in hand by then; where it is at which moment nobody outside can see
            house.kill(name)
            time.sleep(0.3)  # and the fault has come to everybody
            release()
            house.until_status(
                lambda s: house.runtime.pids["root"] != root and s.get("baseline", {}).get("healthy"), "the next tree"
            )
            back_ms = (time.monotonic() - begun) * 1000
            waiting.join(GIVE_UP_S)
        if back_ms < HELD_MS / 2:
            assert answers == [200], "codex sends no batch twice"
        elif answers != [200]:  # on a machine so busy nobody could store it while it was held: it is sent again
            assert answers == [503]
            assert exporter.export(body)
        assert gone({gateway}, ENDED_S)
        assert exporter.export(exporter.body()), "by a connection of its own: the old one ended with its gateway"
        assert exporter.rows() == [(n, 1) for n in range(20)]


def test_what_codex_sent_is_stored_by_the_next_tree_though_its_503_came_first(build: Build) -> None:
    with alone(build, timing=unhurried(otlp_hold_ms=300)) as house:
        healthy(house)
        exporter = Exporter(house)
        with _locked(house.database):
            told, _, _ = exporter.post(exporter.body(), **{"User-Agent": "OTel-OTLP-Exporter-Rust/0.31.0"})
            assert (told, exporter.rows()) == (503, [])
            house.kill("root")
        healthy(house)
        house.until_rows("SELECT count(*) FROM events", lambda rows: rows == [(10,)])
        assert exporter.rows() == [(n, 1) for n in range(10)]


def test_whoever_stands_still_for_two_seconds_costs_no_record(build: Build) -> None:
    with alone(build) as house:
        healthy(house)
        exporter = Exporter(house).start()
        for name in ("ingest", "baseline", "gateway"):
            exporter.until_more()
            pid = house.kill(name, signal.SIGSTOP)
            time.sleep(ABSENT_S)  # that it stands still for so long is the point
            os.kill(pid, signal.SIGCONT)
        all_there(exporter)


def _until_spare(house: House) -> None:
    """Wait until the next root stands ready: it has loaded what it needs, and computes no more."""
    end = time.monotonic() + 2 * PATIENCE_S
    while "spare" not in house.runtime.pids:
        assert time.monotonic() < end, "there is no spare root"
        time.sleep(0.05)
    spare, before = psutil.Process(house.runtime.pids["spare"]), -1.0
    while (now := sum(spare.cpu_times()[:2])) != before or now < 0.2:
        assert time.monotonic() < end, "the spare root does not come to rest"
        before = now
        time.sleep(0.5)  # rest shows only in time that passes


def test_a_locked_database_is_waited_for_and_one_that_stays_locked_is_503_in_time(build: Build) -> None:
    with alone(build, timing=unhurried(probe_deadline_ms=Timing().probe_deadline_ms)) as house:
        healthy(house)
        exporter = Exporter(house)
        with _locked(house.database) as release:
            answers: list[int] = []
            waiting = threading.Thread(target=lambda: answers.append(exporter.post(exporter.body())[0]))
            waiting.start()
            time.sleep(2.5)  # how long it is locked is the point
            release()
            waiting.join(GIVE_UP_S)
            assert answers == [200]
        with _locked(house.database):
            body = exporter.body()
            begun = time.monotonic()
            status, headers, said = exporter.post(body)
            took = time.monotonic() - begun
            assert (status, headers["retry-after"], orjson.loads(said)["code"]) == (503, "1", 14)
            assert HOLD_S - 0.5 < took < EXPORTERS_WAIT_S
            house.until_status(lambda s: s["mode"] == "FAILURE", "FAILURE")
        healthy(house)
        assert exporter.post(body)[0] == 200
        assert exporter.rows() == [(n, 1) for n in range(20)]


def test_a_full_disk_is_503_and_when_there_is_room_again_everything_is_stored_once(build: Build) -> None:
    with alone(build) as house:
        healthy(house)
        exporter = Exporter(house)
        assert exporter.post(exporter.body())[0] == 200
        ingest = psutil.Process(next(a["pid"] for a in house.runtime.status()["actors"] if a["name"] == "ingest"))
        unlimited = ingest.rlimit(psutil.RLIMIT_FSIZE)
        # No file of ingest's may grow: what a full disk looks like to it, without filling one.
        ingest.rlimit(psutil.RLIMIT_FSIZE, (4_096, unlimited[1]))
        body = exporter.body()
        status, headers, _ = exporter.post(body)
        assert (status, headers.get("retry-after")) == (503, "1")
        house.until_status(lambda s: s["mode"] == "FAILURE", "FAILURE")
        ingest.rlimit(psutil.RLIMIT_FSIZE, unlimited)
        healthy(house)
        assert exporter.post(body)[0] == 200
        assert exporter.rows() == [(n, 1) for n in range(20)]
        assert ingest.is_running(), "it is not killed for a full disk"


@contextlib.contextmanager
def _locked(database: Path):  # type: ignore[no-untyped-def]  # gives the function that releases
    connection = sqlite3.connect(database, isolation_level=None, timeout=PATIENCE_S)
    connection.execute("BEGIN IMMEDIATE")
    open_now = [True]

    def release() -> None:
        if open_now:
            open_now.clear()
            connection.execute("ROLLBACK")
            connection.close()

    try:
        yield release
    finally:
        release()


def test_a_flood_over_the_bound_is_refused_with_503_and_everything_answered_is_there(build: Build) -> None:
    limits = Limits(otlp_requests_max=3)
    with alone(build, limits=limits) as house:
        healthy(house)
        exporters = [Exporter(house, session=f"5f0c1f7e-0000-4000-8000-00000000010{n}") for n in range(8)]
        bodies = [exporter.body(1_000) for exporter in exporters]
        answers: list[int] = []
        threads = [
            threading.Thread(target=lambda one=one, body=body: answers.append(one.post(body, 30)[0]))
            for one, body in zip(exporters, bodies, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(40)
        assert set(answers) <= {200, 503}
        assert 200 in answers
        for exporter, body in zip(exporters, bodies, strict=True):
            assert exporter.export(body)
            assert exporter.rows() == [(n, 1) for n in range(1_000)]


def test_a_large_body_goes_through_in_parts_while_everybody_answers(build: Build) -> None:
    with alone(build) as house:
        healthy(house)
        exporter = Exporter(house)
        body = exporter.body(6_000)
        assert len(body) > 2_500_000
        answers: list[int] = []
        sender = threading.Thread(target=lambda: answers.append(exporter.post(body, 30)[0]))
        sender.start()
        while sender.is_alive():
            assert house.runtime.status()["mode"] == "OTEL_ONLY"
            sender.join(0.2)
        # Larger than what is stored within the time that an exporter waits: what is there by then is there.
        house.until_rows("SELECT count(*) FROM events", lambda rows: rows[0][0] >= 6_000, 60.0)
        assert answers in ([200], [503])
        assert exporter.rows() == [(n, 1) for n in range(6_000)]


def test_a_port_that_is_taken_is_told_and_the_one_of_last_time_is_not_left(build: Build, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with build(streaming=False, otlp_port=port) as house:
            status = house.until_status(lambda s: "cannot be opened" in s.get("mode_reason", ""), "the fault")
            assert status["mode"] == "FAILURE" or status["baseline"]["working"]
            assert house.runtime.addresses["otlp"] == ""
            assert str(port) in house.runtime.addresses["fault"]
    state = tmp_path / "home9" / "state"
    with standard_port_taken():
        with build(streaming=False, state_dir=state, otlp_port=None) as house:
            first = healthy(house).runtime.addresses["otlp"]
        with reserved(port_of(first)), build(streaming=False, state_dir=state, otlp_port=None) as house:
            assert healthy(house).runtime.addresses["otlp"] == first


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def test_the_token_is_kept_private_and_stands_nowhere_else(build: Build) -> None:
    with alone(build) as house:
        healthy(house)
        path = house.runtime.state_dir / "otlp.token"
        assert path.stat().st_mode & 0o777 == 0o600
        exporter = Exporter(house)
        connection = http.client.HTTPConnection("127.0.0.1", exporter.port)
        connection.request("POST", f"/s/{exporter.token}/v1/nothing", b"\xff", {"Content-Type": "application/json"})
        connection.getresponse().read()
        connection.close()
        assert exporter.post(b"{")[0] == 400
        for process in house.everything():
            with contextlib.suppress(psutil.NoSuchProcess):
                assert exporter.token not in " ".join(process.cmdline())
                assert exporter.token not in str(process.environ())
        database = house.database
    told = [each for each in path.parent.rglob("*") if each.is_file() and each != path]
    assert database in told
    assert [each.name for each in told if exporter.token.encode() in each.read_bytes()] == []


def test_the_host_starts_again_and_an_exporter_goes_on_where_it_was(build: Build, tmp_path: Path) -> None:
    state = tmp_path / "home9" / "state"
    with standard_port_taken():
        with build(streaming=False, state_dir=state, otlp_port=None) as house:
            exporter = Exporter(healthy(house))
            assert exporter.export(exporter.body())
            retried = exporter.body()
            assert exporter.export(retried)
        with reserved(exporter.port), build(streaming=False, state_dir=state, otlp_port=None) as house:
            exporter.house = healthy(house)
            assert exporter.export(retried), "its answer was lost, so it is sent again"
            assert exporter.export(exporter.body())
            assert exporter.rows() == [(n, 1) for n in range(30)]
