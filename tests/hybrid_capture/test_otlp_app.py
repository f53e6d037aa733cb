"""The receiver over real HTTP answers what the OTLP/HTTP specification says, and stays within its bounds."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPException

import orjson
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from hybrid_capture import door
from hybrid_capture.exchange import PART_BYTES, Answer
from hybrid_capture.frames import Said
from tests.hybrid_capture.receiver_house import BOUNDS, PATIENCE_S, TOKEN, ReceiverHouse

PROTOBUF = {"Content_Type": "application/x-protobuf"}


@pytest.fixture
def house() -> Iterator[ReceiverHouse]:
    with ReceiverHouse() as running:
        yield running


def test_what_is_durable_is_answered_with_the_response_of_its_encoding(house: ReceiverHouse) -> None:
    response, said = house.post(b'{"resourceLogs":[]}')
    assert (response.status, response.getheader("content-type"), said) == (200, "application/json", b"{}")
    response, said = house.post(b"", path="/v1/traces", **PROTOBUF)
    assert (response.status, response.getheader("content-type"), said) == (200, "application/x-protobuf", b"")
    assert house.bodies == [b'{"resourceLogs":[]}', b""]


def test_a_content_type_may_have_parameters_and_any_case(house: ReceiverHouse) -> None:
    response, _ = house.post(Content_Type="Application/JSON; charset=utf-8")
    assert (response.status, response.getheader("content-type")) == (200, "application/json")


def test_chunks_without_a_length_and_gzip_arrive_whole(house: ReceiverHouse) -> None:
    body = orjson.dumps({"resourceLogs": [{"x": "y" * 300_000}]})
    response, _ = house.post(iter([body[:10], body[10:]]))
    assert response.status == 200
    response, _ = house.post(gzip.compress(body), Content_Encoding="gzip")
    assert response.status == 200
    response, _ = house.post(iter([gzip.compress(body[:9]) + gzip.compress(body[9:])]), Content_Encoding="gzip")
    assert response.status == 200
    assert house.bodies == [body] * 3
    assert len(body) > PART_BYTES


def test_one_connection_serves_many_requests(house: ReceiverHouse) -> None:
    connection = house.connection()
    for _ in range(3):
        connection.request(
            "POST", "/v1/logs", b"{}", {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
        )
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"{}")
    connection.close()


def test_records_that_were_rejected_are_told_as_partial_success(house: ReceiverHouse) -> None:
    house.reply = lambda body: Answer("kept", 2, "2 are none")
    response, said = house.post(**PROTOBUF)
    partial = ExportLogsServiceResponse.FromString(said).partial_success
    assert (response.status, partial.rejected_log_records, partial.error_message) == (200, 2, "2 are none")


def test_what_cannot_be_decoded_is_400_and_never_sent_again(house: ReceiverHouse) -> None:
    house.reply = lambda body: Answer("undecodable", text="the body is not JSON")
    response, said = house.post(b"{")
    assert (response.status, response.getheader("retry-after")) == (400, None)
    assert orjson.loads(said) == {"code": 3, "message": "the body is not JSON"}
    response, _ = house.post(b"no gzip", Content_Encoding="gzip")
    assert response.status == 400
    response, _ = house.post(gzip.compress(b"{}" * 99)[:-9], Content_Encoding="gzip")
    assert response.status == 400


def test_what_is_sent_once_is_stored_behind_its_503_and_in_hand_until_then() -> None:
    with ReceiverHouse(reply=lambda _: None, hold_s=0.2) as house:
        body = orjson.dumps({"resourceLogs": [{"x": "y" * 300}]})
        response, _ = house.post(body, User_Agent="OTel-OTLP-Exporter-Rust/0.31.0")
        assert (response.status, response.getheader("retry-after")) == (503, "1")
        assert (house.receiver.requests, house.exchange.waiting, house.given_up) == (1, 1, [])
        assert house.exchange.busy.is_set(), "somebody has to look whether its parts were taken"
        answered = Said("answered", {"request": 1, "code": "kept", "rejected": 0, "text": ""}, b"")
        house.on_loop(house.exchange.heard, answered)
        house.until(lambda: house.receiver.requests == 0)
        assert (house.exchange.waiting, house.given_up, house.bodies) == (0, [], [body])
        assert not house.exchange.busy.is_set()


def test_what_is_sent_once_is_let_go_when_its_time_is_over() -> None:
    bounds = replace(BOUNDS, keep_s=0.2, requests_max=1)
    with ReceiverHouse(reply=lambda _: None, hold_s=0.1, bounds=bounds) as house:
        for number in (1, 2):
            response, _ = house.post(orjson.dumps({"n": "y" * 100}), User_Agent="OTel-OTLP-Exporter-Rust/0.31.0")
            assert response.status == 503
            house.until(lambda: house.receiver.requests == 0)
            assert house.given_up == list(range(1, number + 1))


def test_what_is_tried_on_counts_as_in_hand_so_that_its_bounds_hold() -> None:
    with ReceiverHouse(reply=lambda _: None, hold_s=0.1, bounds=replace(BOUNDS, requests_max=1)) as house:
        house.post(orjson.dumps({"n": "y" * 100}), User_Agent="OTel-OTLP-Exporter-Rust/0.31.0")
        response, said = house.post(b'{"resourceLogs":[]}')
        assert (response.status, orjson.loads(said)["message"]) == (503, "too many requests are in hand")


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x", TOKEN[:-1], "tökén"])
def test_without_the_token_nothing_is_taken(house: ReceiverHouse, token: str | None) -> None:
    said = None if token is None else token.encode().decode("latin-1")
    response, body = house.post(token=said)
    assert (response.status, response.getheader("www-authenticate")) == (401, "Bearer")
    assert orjson.loads(body)["code"] == 16
    assert house.bodies == []


def test_the_token_may_stand_in_the_path_and_is_taken_literally(house: ReceiverHouse) -> None:
    assert house.post(path=f"/s/{TOKEN}/v1/logs", token=None)[0].status == 200
    assert house.post(path="/s/wrong/v1/logs", token=None)[0].status == 401
    assert house.post(token=None, Authorization=f"Bearer%20{TOKEN}")[0].status == 401


def test_what_is_not_there_and_what_may_not_be_done_is_said_so(house: ReceiverHouse) -> None:
    assert house.post(path="/v1/profiles")[0].status == 404
    assert house.post(path="/elsewhere")[0].status == 404
    response, _ = house.post(method="PUT")
    assert (response.status, response.getheader("allow")) == (405, "POST")


def test_other_content_and_other_packing_is_415(house: ReceiverHouse) -> None:
    assert house.post(Content_Type="text/plain")[0].status == 415
    assert house.post(Content_Encoding="br")[0].status == 415


def test_a_web_page_and_a_foreign_host_name_are_refused(house: ReceiverHouse) -> None:
    assert house.post(Origin="https://evil.example")[0].status == 403
    assert house.post(Host="evil.example")[0].status == 400
    assert house.post(Host=f"localhost:{house.port}")[0].status == 200


def test_a_body_over_the_limit_is_413_packed_or_not_and_a_bomb_stops_at_the_limit(house: ReceiverHouse) -> None:
    large = b" " * (BOUNDS.body_bytes_max + 1)
    assert house.post(large)[0].status == 413
    assert house.post(iter([large[:70_000], large[70_000:]]))[0].status == 413
    assert house.post(gzip.compress(large), Content_Encoding="gzip")[0].status == 413
    bomb = gzip.compress(b"\0" * 200_000_000, 9)
    assert house.post(bomb, Content_Encoding="gzip")[0].status == 413
    assert house.bodies == []
    assert house.post(b" " * BOUNDS.body_bytes_max)[0].status == 200


def test_when_nobody_stores_it_is_503_in_time_and_may_be_sent_again() -> None:
    with ReceiverHouse(reply=lambda body: None, hold_s=0.5) as house:
        begun = time.monotonic()
        response, said = house.post()
        assert (response.status, response.getheader("retry-after")) == (503, "1")
        assert orjson.loads(said)["code"] == 14
        assert time.monotonic() - begun >= house.hold_s, "it was waited for; how much longer the machine decides"
        assert house.given_up == [1]


def test_a_fault_of_our_own_loses_no_batch_and_is_told_once(
    house: ReceiverHouse, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(body: bytes) -> Answer:
        raise ZeroDivisionError("in a test")

    house.reply = broken
    for _ in range(2):
        response, said = house.post()
        assert (response.status, response.getheader("retry-after")) == (503, "1")
        assert b"fault" in said
    assert capfd.readouterr().err.count("ZeroDivisionError: in a test") == 1


def test_more_at_once_than_may_be_in_hand_is_503_at_once() -> None:
    in_hand = threading.Semaphore(0)
    with ReceiverHouse(reply=lambda body: in_hand.release()) as house:
        waiting = [house.connection() for _ in range(BOUNDS.requests_max)]
        for connection in waiting:
            connection.request(
                "POST", "/v1/logs", b"{}", {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
            )
        assert all(in_hand.acquire(timeout=PATIENCE_S) for _ in waiting)
        response, _ = house.post()
        assert (response.status, response.getheader("retry-after")) == (503, "1")


def test_more_bytes_than_may_be_in_hand_are_503() -> None:
    bounds = replace(BOUNDS, waiting_bytes_max=100_000)
    with ReceiverHouse(bounds=bounds) as house:
        assert house.post(b" " * 100_001)[0].status == 503
        assert house.post(b" " * 100_000)[0].status == 200


def test_a_client_that_is_slow_with_its_body_or_its_head_is_not_waited_for() -> None:
    bounds = replace(BOUNDS, body_bytes_max=1_000, waiting_bytes_max=4_000, read_s=0.3)
    with ReceiverHouse(bounds=bounds) as house:
        with house.raw() as slow:
            slow.sendall(b"POST /v1/logs HTTP/1.1\r\nHost: localhost\r\n")
            assert slow.recv(1) == b"", "hung up on"
        with house.raw() as silent:
            assert silent.recv(1) == b"", "hung up on"
    # Its head has to be whole within the same time: on a busy machine a client may need some for that.
    with ReceiverHouse(bounds=replace(bounds, read_s=2.0)) as house, house.raw() as slow:
        head = f"POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
        slow.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{{".encode())
        assert b" 408 " in slow.recv(1_000)


def test_so_many_connections_and_the_one_that_is_idle_longest_makes_room() -> None:
    with ReceiverHouse(connections_max=4) as house:
        idle = [house.raw() for _ in range(12)]
        assert house.post()[0].status == 200
        for each in idle:
            each.close()


def test_clients_that_read_no_answers_keep_nobody_out_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "UNREAD_S", 0.2)
    with ReceiverHouse(connections_max=1) as house, socket.socket() as greedy:
        house.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)  # what it accepts inherits it
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        greedy.settimeout(PATIENCE_S)
        greedy.connect(("127.0.0.1", house.port))
        # The answers are more than the system's own buffers hold, and none is read. It may be hung up on meanwhile.
        with contextlib.suppress(OSError):
            greedy.sendall(b"GET /panel/contracts.d.ts HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2_000)

        def answered() -> bool:
            with contextlib.suppress(OSError, HTTPException):
                return house.post()[0].status == 200
            return False

        house.until(answered)


def test_while_it_stops_what_is_in_hand_is_finished_and_nothing_new_is_taken(house: ReceiverHouse) -> None:
    held = threading.Event()

    def reply(body: bytes) -> Answer | None:
        held.set()
        return None

    house.reply = reply
    answers: list[int] = []
    first = threading.Thread(target=lambda: answers.append(house.post()[0].status))
    first.start()
    assert held.wait(PATIENCE_S)
    house.receiver.stopping = True
    assert house.post()[0].status == 503
    house._loop.call_soon_threadsafe(house.exchange.close)
    first.join(PATIENCE_S)
    assert answers == [503]


def test_the_root_of_the_gateway_says_what_is_there_and_shows_nothing(house: ReceiverHouse) -> None:
    response, said = house.post(None, path="/", method="GET", token=None)
    assert (response.status, orjson.loads(said)["name"]) == (200, "hybrid-capture")
    response, said = house.post(None, path="/", method="GET", token=None, Accept="text/html")
    assert response.getheader("content-security-policy", "").startswith("default-src 'none'")
    assert TOKEN.encode() not in said
