"""Attacks from a second process of the same user. After each: nothing ran, died or leaked, and all was counted."""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from actors.transport import port_file, tcp
from actors.transport.seal import DATA_BYTES_MAX, MESSAGE_BYTES_MAX, Kind, Sealer
from tests.actors.transport import cast
from tests.actors.transport.attacker import Payload
from tests.actors.transport.stage_hands import Stage, eventually

ATTACKER = Path(__file__).with_name("attacker.py")
RSS_GROWTH_KIB_MAX = 30 * 1024
BOUND_S = 60
ON_DATAGRAMS = pytest.mark.parametrize("transport", ["datagram"])
ON_TCP = pytest.mark.parametrize("transport", ["tcp"])


class Victim:
    """A Probe under attack: what it was before, and that it is the same afterwards."""

    def __init__(self, stage: Stage, transport: str, tmp_path: Path) -> None:
        self.stage = stage
        self.kind = transport
        self.marker = tmp_path / "executed"
        self.actor = stage.create(cast.Probe)
        self.token: bytes = self.actor.addressDetails.token
        self.path = str(stage.file_of(self.actor))
        stage.ask(self.actor, "echo", "warm")
        self.before = stage.state(self.actor)

    def command(self, what: str, **arguments: Any) -> list[str]:
        """The attacker's command line."""
        spoken = json.dumps({"path": self.path, "kind": self.kind, **arguments})
        return [sys.executable, str(ATTACKER), what, spoken]

    def attack(self, what: str, **arguments: Any) -> Any:
        """Run one attack to its end."""
        done = subprocess.run(
            self.command(what, **arguments), capture_output=True, text=True, timeout=BOUND_S, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    @contextmanager
    def while_attacked(self, what: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """Run an attack that stands until we leave; its result is put into the yielded dict."""
        result: dict[str, Any] = {}
        attacker = subprocess.Popen(
            self.command(what, **arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert attacker.stdout is not None
            assert attacker.stdout.readline(), attacker.stderr
            yield result
            said, complaint = attacker.communicate(timeout=BOUND_S)
            assert attacker.returncode == 0, complaint
            result["result"] = json.loads(said.splitlines()[-1])
        finally:
            if attacker.poll() is None:
                attacker.kill()
                attacker.communicate()

    def frames(self, destination: bytes | None = None) -> list[str]:
        """What the tap recorded on its way to the victim (or another), as hex."""
        path = str(self.stage.folder / "tap")
        return [frame.hex() for frame in cast.tapped_frames(path, destination or self.token)]

    def counted(self) -> dict[str, int]:
        """Rejects since the beginning of the attack, by reason."""
        now = self.stage.state(self.actor)["rejects"]
        before = self.before["rejects"]
        return {reason: count - before.get(reason, 0) for reason, count in now.items() if count > before.get(reason, 0)}

    def unharmed(self, **expected: int) -> dict[str, int]:
        """Nothing ran, same process, answers, no descriptor more, memory bounded, and each reason counted so often."""

        def all_counted() -> bool:
            counted = self.counted()
            return all(counted.get(reason, 0) >= count for reason, count in expected.items())

        eventually(all_counted, what=f"{expected}, got {self.counted()}")
        assert not self.marker.exists(), "foreign code ran"
        eventually(
            lambda: self.stage.state(self.actor)["fds"] <= self.before["fds"], what="descriptors to go down again"
        )
        after = self.stage.state(self.actor)
        assert after["pid"] == self.before["pid"]
        assert after["rss_kib"] - self.before["rss_kib"] < RSS_GROWTH_KIB_MAX
        assert self.stage.ask(self.actor, "echo", "still here") == "still here"
        return self.counted()


@pytest.fixture
def victim(stage: Stage, transport: str, tmp_path: Path) -> Victim:
    return Victim(stage, transport, tmp_path)


@pytest.fixture
def overheard(tapped: Stage, transport: str, tmp_path: Path) -> Victim:
    return Victim(tapped, transport, tmp_path)


class Insider:
    """Has the key and speaks as an endpoint of its own: what is left then is the allow-list and the bounds."""

    def __init__(self, victim: Victim, clock_ns: int | None = None) -> None:
        self.victim = victim
        self.token = os.urandom(8)
        clock = time.monotonic_ns if clock_ns is None else lambda: clock_ns
        self.sealer = Sealer(victim.stage.settings.key, self.token, os.urandom(8), clock)

    def frame(self, data: bytes, offset: int = 0, total: int | None = None, message: int | None = None) -> bytes:
        number = self.sealer.next_message() if message is None else message
        total = len(data) if total is None else total
        return self.sealer.seal(Kind.DATA, self.victim.token, number, offset, total, data) + data

    def throw(self, *frames: bytes) -> int:
        """Send frames through the second process; bytes of answer (TCP)."""
        answer: int = self.victim.attack("replay", frames=[frame.hex() for frame in frames])
        return answer


def test_pickles_without_the_seal_are_not_even_looked_at(victim: Victim) -> None:
    victim.attack("unsigned", marker=str(victim.marker))
    if victim.kind == "datagram":
        victim.unharmed(bad_mac=3)
    else:
        victim.unharmed(bad_mac=3, bad_length=3)


def test_no_byte_of_a_recorded_frame_can_be_changed(overheard: Victim) -> None:
    frame = overheard.frames()[0]
    sent = overheard.attack("flips", frame=frame, count=175)
    assert sent >= min(175, len(frame) // 2)
    overheard.unharmed(bad_mac=sent)


def test_a_recorded_frame_does_nothing_a_second_time(overheard: Victim) -> None:
    overheard.stage.ask(overheard.actor, "kept")
    overheard.stage.system.tell(overheard.actor, cast.Note("keep", "once"))
    eventually(lambda: overheard.stage.ask(overheard.actor, "echo", 1))
    frames = overheard.frames()
    answered = overheard.attack("replay", frames=frames)
    assert answered == 0
    overheard.unharmed(replay=len(frames))
    assert overheard.stage.ask(overheard.actor, "kept") == ["once"]


def test_a_recorded_frame_does_nothing_at_another_actor(overheard: Victim) -> None:
    other = overheard.stage.create(cast.Probe)
    overheard.stage.ask(other, "echo", 1)
    frames = overheard.frames(other.addressDetails.token)
    overheard.attack("replay", frames=frames)
    overheard.unharmed(wrong_destination=len(frames))


def test_a_frame_older_than_the_actor_is_refused(victim: Victim) -> None:
    insider = Insider(victim, clock_ns=1)
    insider.throw(insider.frame(pickle.dumps(cast.Note("keep", "old"), 5)))
    victim.unharmed(stale=1)
    assert victim.stage.ask(victim.actor, "kept") == []


def test_a_class_off_the_list_is_not_run_even_with_a_perfect_seal(victim: Victim) -> None:
    insider = Insider(victim)
    evil = pickle.dumps(Payload(str(victim.marker)), 5)
    nested = pickle.dumps(["harmless", {"deep": [Payload(str(victim.marker))]}], 5)
    builtin = b"\x80\x05cbuiltins\neval\n(S'1'\ntR."
    dotted = b"\x80\x05\x8c\x07logging\x8c\x0cos.path.join\x93."
    insider.throw(*(insider.frame(data) for data in (evil, nested, builtin, dotted)))
    victim.unharmed(forbidden_class=4)


def test_sealed_rubbish_is_refused(victim: Victim) -> None:
    insider = Insider(victim)
    insider.throw(
        *(insider.frame(data) for data in (b"\x80\x05", b"rubbish", b"\x80\x05\x95" + b"\xff" * 8 + b"N.", b"."))
    )
    victim.unharmed(unreadable=4)


def test_sealed_sizes_that_cannot_be_are_refused(victim: Victim) -> None:
    insider = Insider(victim)
    insider.throw(
        insider.frame(b"x", total=MESSAGE_BYTES_MAX + 1),
        insider.frame(b"x", total=0xFFFFFFFF),
        insider.frame(b"xx", offset=1, total=2),
        insider.frame(b"x", offset=5, total=10),
    )
    victim.unharmed(oversize=2, bad_shape=1, gap=1)


@ON_DATAGRAMS
def test_half_messages_are_bounded_in_memory_and_number(victim: Victim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(victim.stage.folder)  # a socket address has no room for every path
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(BOUND_S)
        for _ in range(300):
            insider = Insider(victim)
            sock.sendto(insider.frame(b"h" * 50_000, total=10_000_000), os.path.basename(victim.path))
    victim.unharmed(reassembly_full=300 - 256)


@ON_DATAGRAMS
def test_datagrams_over_the_maximum_are_dropped(victim: Victim) -> None:
    sent = victim.attack("oversize")
    assert sent >= 4
    victim.unharmed(oversize=sent)


@ON_TCP
def test_lengths_that_lie_close_the_connection(victim: Victim) -> None:
    done = victim.attack("lengths")
    assert done["endless_bytes"] < 32 * 1024 * 1024, "the victim hangs up, it does not swallow"
    victim.unharmed(bad_length=done["tries"])


@ON_TCP
def test_half_frames_and_silence_are_ended(victim: Victim) -> None:
    done = victim.attack("half_frames", count=20)
    assert done["longest_s"] < 10
    victim.unharmed(half_frame=20)


@pytest.fixture
def _patient_with_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long four hundred connections take, none is ended for its silence. The victim is forked later."""
    monkeypatch.setattr(tcp, "HALF_FRAME_S_MAX", 120.0)


@ON_TCP
@pytest.mark.usefixtures("_patient_with_strangers")
def test_four_hundred_half_open_connections_leave_room_for_the_others(victim: Victim) -> None:
    stage = victim.stage
    stage.ask(victim.actor, "limit_fds", 256)
    with victim.while_attacked("half_open", count=400):
        for number in range(10):
            assert stage.ask(victim.actor, "echo", number) == number
        with stage.system.private() as newcomer:
            assert newcomer.ask(victim.actor, cast.Note("echo", "new"), 20).value == "new"
    victim.unharmed(crowded=400 - 32 - 1)


@ON_DATAGRAMS
def test_descriptors_that_come_along_are_not_kept(victim: Victim) -> None:
    insider = Insider(victim)
    good = insider.frame(pickle.dumps(cast.Note("keep", "with a descriptor"), 5))
    victim.attack("descriptors", frames=[good.hex()], count=800)
    victim.unharmed(descriptor=800)
    assert victim.stage.ask(victim.actor, "kept") == [], "not even a good frame is taken with one"


@pytest.mark.parametrize("size", [200, 130_000])
def test_a_flood_is_counted_and_answers_go_on(victim: Victim, size: int) -> None:
    count = 10_000 if victim.kind == "datagram" and size < 1000 else 1_000
    stopped = threading.Event()
    answers: list[float] = []

    def keep_asking() -> None:
        with victim.stage.system.private() as context:
            while not stopped.is_set():
                began_s = time.monotonic()
                assert context.ask(victim.actor, cast.Note("echo", 1), 20) is not None
                answers.append(time.monotonic() - began_s)

    asker = threading.Thread(target=keep_asking)
    asker.start()
    try:
        victim.attack("flood", count=count, size=size, seed=7)
    finally:
        stopped.set()
        asker.join(30)
    assert answers
    assert max(answers) < 10
    victim.unharmed(bad_mac=count)


def test_random_bytes_are_refused(victim: Victim) -> None:
    victim.attack("noise", count=1000 if victim.kind == "datagram" else 200, seed=11)
    counted = victim.unharmed()
    assert set(counted) <= {"short", "bad_mac", "bad_length", "half_frame"}
    if victim.kind == "datagram":
        assert sum(counted.values()) == 1000


@ON_DATAGRAMS
def test_empty_datagrams_are_refused(victim: Victim) -> None:
    victim.attack("empty", count=100)
    victim.unharmed(short=100)


@pytest.mark.parametrize("how", ["bind", "unlink", "fifo", "link"])
def test_a_stolen_socket_file_is_taken_back(victim: Victim, how: str) -> None:
    stage = victim.stage
    if how == "bind":
        with victim.while_attacked("steal_file", how=how) as caught:
            stage.ask_until_answered(victim.actor)
        if victim.kind == "tcp":
            assert caught["result"] == [], "a port file without the key's MAC is not followed"
    else:
        victim.attack("steal_file", how=how)
        stage.ask_until_answered(victim.actor)
    victim.unharmed(socket_replaced=1)
    assert sorted(stage.ask(victim.actor, "count_kept")) == []


@ON_DATAGRAMS
@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_another_user_is_refused_by_the_kernels_word(victim: Victim) -> None:
    stage, insider = victim.stage, Insider(victim)
    frame = insider.frame(pickle.dumps(cast.Note("keep", "foreign"), 5))
    for folder in (stage.folder, *stage.folder.parents):
        if folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o011)
    os.chmod(victim.path, 0o666)
    assert victim.attack("foreign_user", frames=[frame.hex()], uid=65534) == 65534
    victim.unharmed(foreign_uid=1)
    assert stage.ask(victim.actor, "kept") == []


class LossyRoad:
    """Stands between a sender and the victim, and loses the first answers."""

    def __init__(self, victim: Victim, lose: int, hang_up: bool) -> None:
        self.entry = port_file.read(victim.path)
        self.port = int.from_bytes(self.entry[:2], "big")
        self.lose = lose
        self.hang_up = hang_up
        self.lost = 0
        self.taken = threading.Event()
        """Set once somebody has taken this road."""
        self.listener = socket.create_server((port_file.LOOPBACK, 0))
        self.listener.settimeout(0.1)
        self.own_entry = port_file.entry_for(victim.stage.settings.key, victim.token, self.listener.getsockname()[1])
        self.open = True
        self.threads = [threading.Thread(target=self._serve)]
        self.threads[0].start()

    def _serve(self) -> None:
        while self.open:
            try:
                near, _ = self.listener.accept()
            except OSError:
                continue
            far = socket.create_connection((port_file.LOOPBACK, self.port))
            self.taken.set()
            for pair in ((near, far, False), (far, near, True)):
                thread = threading.Thread(target=self._carry, args=pair)
                thread.start()
                self.threads.append(thread)

    def _carry(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        source.settimeout(0.1)
        while self.open:
            try:
                data = source.recv(65536)
                if not data:
                    break
                if answers and self.lost < self.lose:
                    self.lost += 1
                    if self.hang_up:
                        break
                    continue
                sink.sendall(data)
            except TimeoutError:
                continue
            except OSError:
                break
        for end in (source, sink):
            end.close()

    def close(self) -> None:
        """End all threads."""
        self.open = False
        for thread in self.threads:
            thread.join(10)
        self.listener.close()


@ON_TCP
@pytest.mark.parametrize("hang_up", [True, False])
def test_a_lost_answer_means_sent_again_and_delivered_once(victim: Victim, hang_up: bool) -> None:
    stage = victim.stage
    sender = stage.create(cast.Probe)
    road = LossyRoad(victim, lose=2, hang_up=hang_up)
    try:
        # The insider's forgery of the port file is what puts the lossy road in place. The victim's tick would end it:
        # it stands still until somebody is on that road.
        os.kill(victim.before["pid"], signal.SIGSTOP)
        try:
            port_file.write(victim.path, road.own_entry)
            stage.ask(sender, "forward", (victim.actor, cast.Note("keep", b"k" * (DATA_BYTES_MAX * 2))))
            assert road.taken.wait(30)
        finally:
            os.kill(victim.before["pid"], signal.SIGCONT)
        stage.ask(sender, "forward", (victim.actor, cast.Note("keep", b"2")))
        eventually(lambda: victim.counted().get("duplicate", 0) >= 1, what="the repeat to be recognised")
        kept: list[bytes] = []

        def both() -> bool:
            kept.extend(stage.ask(victim.actor, "kept"))
            return len(kept) >= 2

        eventually(both, what="both messages")
        assert [len(data) for data in kept] == [DATA_BYTES_MAX * 2, 1]
        assert road.lost >= 1
        assert stage.ask(victim.actor, "kept") == []
        assert "replay" not in victim.counted()
        eventually(lambda: stage.state(sender)["rejects"] == {}, what="no quarrel on the sender's side")
        eventually(lambda: port_file.read(victim.path) == road.entry, what="the victim to put its file right")
    finally:
        road.close()


def test_rejects_are_reported_to_the_application_without_content(victim: Victim) -> None:
    victim.stage.ask(victim.actor, "listen_to_rejects")
    victim.attack("noise", count=50, seed=3)

    def all_reported() -> bool:
        reported = victim.stage.ask(victim.actor, "reported")
        return sum(count for _, count in reported) == sum(victim.counted().values()) > 0

    eventually(all_reported, what="every reject to be reported")
    assert len(victim.stage.ask(victim.actor, "reported")) <= 20, "in batches, not one by one"


def test_an_attack_on_the_admin_is_refused_and_logged(victim: Victim) -> None:
    stage = victim.stage
    victim.path = stage.transport._file_of(stage.transport._adminAddr.addressDetails.token)
    victim.attack("unsigned", marker=str(victim.marker))
    log = stage.folder / "thespian.log"
    eventually(lambda: "bad_mac" in log.read_text(), what="a line in the log")
    assert "touch" not in log.read_text()
    assert stage.ask(stage.create(cast.Probe), "echo", 1) == 1
    victim.unharmed()
