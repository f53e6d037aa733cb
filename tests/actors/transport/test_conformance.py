"""What Thespian promises its actors, on both transports."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import pytest
from thespian.actors import ActorExitRequest, DeadEnvelope, PoisonMessage

from tests.actors.transport import cast
from tests.actors.transport.cast import Note, Numbered
from tests.actors.transport.conftest import PLAIN
from tests.actors.transport.stage_hands import ASK_S, Stage, eventually, on_stage

MIB = 1024 * 1024


def kept_by(stage: Stage, probe: Any, count: int) -> list[Any]:
    """The first `count` things a Probe keeps, waited for."""
    kept: list[Any] = []

    def enough() -> bool:
        kept.extend(stage.ask(probe, "kept"))
        return len(kept) >= count

    eventually(enough, what=f"{count} kept")
    return kept


def parent_of(pid: int) -> int:
    """The parent's process id."""
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def test_an_actor_answers_and_its_process_is_its_own(stage: Stage) -> None:
    probe = stage.create(cast.Probe)
    assert stage.ask(probe, "echo", {"a": [1, 2.5, None, "ä", b"\0"]}) == {"a": [1, 2.5, None, "ä", b"\0"]}
    assert stage.state(probe)["pid"] in stage.pids()


def test_told_messages_arrive_in_order_and_are_listened_for(stage: Stage) -> None:
    probe = stage.create(cast.Probe)
    for seq in range(200):
        stage.system.tell(probe, Numbered(seq, b""))
    assert [stage.system.listen(ASK_S).seq for _ in range(200)] == list(range(200))
    assert stage.ask(probe, "kept") == list(range(200))


@pytest.mark.parametrize("size", [0, 1, 128 * 1024, 4 * MIB, 16 * MIB])
def test_messages_of_every_size_come_back_whole(stage: Stage, size: int) -> None:
    probe = stage.create(cast.Probe)
    sent = os.urandom(1024) * (size // 1024) if size >= 1024 else b"z" * size
    assert stage.ask(probe, "echo", sent, 60) == sent


def test_four_threads_each_with_a_context_of_their_own_get_their_own_answers(stage: Stage) -> None:
    probe = stage.create(cast.Probe)
    wrong: list[Any] = []

    def work(name: int) -> None:
        with stage.system.private() as context:
            for number in range(50):
                answer = context.ask(probe, Note("echo", (name, number)), ASK_S)
                if answer is None or answer.value != (name, number):
                    wrong.append((name, number, answer))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
    assert not any(thread.is_alive() for thread in threads)
    eventually(lambda: len(stage.socket_files()) == 4, what="files of host, admin, logger and probe only")


@pytest.mark.parametrize("window", [2, 3, 8])
@pytest.mark.parametrize("size", [300, 40_000, 256 * 1024])
def test_order_holds_through_a_pipeline_with_crossing_answers(stage: Stage, window: int, size: int) -> None:
    total = 1500 if size < 1000 else 300
    first, second, third = (stage.create(cast.Stage) for _ in range(3))
    for actor, after in ((third, None), (second, third), (first, second)):
        stage.ask(actor, "set_up", (after, window, total, size))
    done = [stage.system.ask(first, Note("go"), 60)]
    done += [stage.system.listen(60) for _ in range(2)]
    assert sorted(note.value for note in done) == [(0, total, 0), (total, 0, 0), (total, total, 0)]


def test_two_actors_flood_each_other_within_their_windows(stage: Stage) -> None:
    left, right = stage.create(cast.Stage), stage.create(cast.Stage)
    stage.ask(left, "set_up", (right, 8, 1000, 20_000))
    stage.ask(right, "set_up", (left, 8, 1000, 20_000))
    stage.system.tell(left, Note("go"))
    stage.system.tell(right, Note("go"))
    notes = [stage.system.listen(60) for _ in range(2)]
    assert all(note is not None and note.value[2] == 0 for note in notes)


@pytest.mark.parametrize(("count", "size"), [(5000, 300), (400, 100_000)])
def test_two_actors_flood_each_other_inside_one_handler_and_nobody_waits_for_ever(
    stage: Stage, count: int, size: int
) -> None:
    left, right = stage.create(cast.Probe), stage.create(cast.Probe)
    stage.system.tell(left, Note("send_many", (right, count, size)))
    stage.system.tell(right, Note("send_many", (left, count, size)))
    for _ in range(2):
        assert stage.system.listen(60).what == "sent"
    for actor in (left, right):
        eventually(
            lambda actor=actor: stage.ask(actor, "count_kept") == list(range(count)), 30, "all of them, in order"
        )
        assert "send_overflow" not in stage.state(actor)["rejects"]


def test_every_one_of_thirty_killed_children_is_noticed_without_a_message_in_between(
    stage: Stage, tmp_path: Path, record_testsuite_property: Callable[[str, object], None], transport: str
) -> None:
    parent, log = stage.create(cast.Parent), tmp_path / "deaths"
    log.touch()
    stage.ask(parent, "log_to", str(log))
    children = [stage.ask(parent, "create") for _ in range(30)]
    latencies_ms = []
    for number, (pid, _) in enumerate(children, start=1):
        killed_ns = stage.kill(pid)
        eventually(lambda number=number: len(log.read_text().splitlines()) >= number, what=f"death {number} noticed")
        latencies_ms.append((int(log.read_text().splitlines()[-1].split()[0]) - killed_ns) / 1e6)
    noticed = [line.split()[1] for line in log.read_text().splitlines()]
    assert noticed == [str(address.addressDetails) for _, address in children]
    record_testsuite_property(
        f"kill_to_notice_ms {transport}", f"p50 {median(latencies_ms):.2f} max {max(latencies_ms):.2f}"
    )
    # It does so once its actor has been told.
    eventually(
        lambda: not any(stage.file_of(address).exists() for _, address in children),
        what="the parent to remove the files of its dead children",
    )


def test_children_that_come_and_go_leave_no_descriptor_and_no_file_at_their_parent(
    stage: Stage, tmp_path: Path
) -> None:
    parent, log = stage.create(cast.Parent), tmp_path / "deaths"
    log.touch()
    stage.ask(parent, "log_to", str(log))
    early: list[int] = []
    for number in range(1, 41):
        pid, _ = stage.ask(parent, "create")
        parent_pid = parent_of(pid)
        stage.kill(pid)
        eventually(lambda number=number: log.read_text().count("\n") >= number, what=f"death {number} noticed")
        if number <= 5:
            early.append(len(os.listdir(f"/proc/{parent_pid}/fd")))
    # The parent may still be closing the log that told of the last death: a leak would stay.
    eventually(lambda: len(os.listdir(f"/proc/{parent_pid}/fd")) <= max(early), what="as few descriptors again")
    eventually(lambda: len(stage.socket_files()) == 4, what="files of host, admin, logger and parent only")


def test_a_child_that_dies_while_being_made_is_noticed(stage: Stage, tmp_path: Path) -> None:
    parent, log = stage.create(cast.Parent), tmp_path / "deaths"
    log.touch()
    stage.ask(parent, "log_to", str(log))
    stage.ask(parent, "create_stillborn")
    eventually(lambda: log.read_text().count("\n") == 1, what="the stillborn child noticed")


def test_what_is_sent_to_a_dead_actor_becomes_a_dead_letter(stage: Stage) -> None:
    undertaker, probe, victim = (stage.create(cast.Probe) for _ in range(3))
    stage.ask(undertaker, "bury_dead_letters")
    stage.kill(stage.state(victim)["pid"])
    eventually(lambda: not stage.file_of(victim).exists(), what="the admin to hear of the death")
    stage.ask(probe, "forward", (victim, Note("keep", "from an actor")))
    stage.system.tell(victim, Note("keep", "from the host"))
    assert stage.system.ask(victim, Note("keep", "asked"), ASK_S) is None

    letters = kept_by(stage, undertaker, 3)
    assert all(isinstance(letter, DeadEnvelope) and letter.deadAddress == victim for letter in letters)
    assert sorted(letter.deadMessage.value for letter in letters) == ["asked", "from an actor", "from the host"]


def test_a_dead_actor_is_dead_even_while_its_file_is_still_there(stage: Stage) -> None:
    parent = stage.create(cast.Parent)
    stage.ask(parent, "log_to", os.devnull)
    pid, child = stage.ask(parent, "create")
    parent_pid = parent_of(pid)
    os.kill(parent_pid, signal.SIGSTOP)
    try:
        stage.kill(pid)
        eventually(lambda: psutil.Process(pid).status() == psutil.STATUS_ZOMBIE, what="the kill to take effect")
        began_s = time.monotonic()
        assert stage.system.ask(child, Note("echo"), ASK_S) is None
        assert time.monotonic() - began_s < ASK_S / 2, "told at once, not after the whole wait"
        assert stage.file_of(child).exists(), "its parent, who would remove it, stands still"
    finally:
        os.kill(parent_pid, signal.SIGCONT)
    eventually(lambda: not stage.file_of(child).exists(), what="the parent to clear up")


def test_wake_ups_come_once_each_and_in_order(stage: Stage) -> None:
    sleeper = stage.create(cast.Sleeper)
    wanted = [(60, "e"), (1, "a"), (30, "c"), (10, "b"), (40, "d"), (0, "0")]
    woken, due_s = stage.ask(sleeper, "sleep", wanted)
    assert sorted(woken) == sorted(due_s)
    # When it is set decides as well: between two lines of a busy machine's actor there may be more than 10 ms.
    assert not [(early, late) for early, late in combinations(woken, 2) if due_s[late][1] < due_s[early][0]]
    together = [(20, number) for number in range(10)]
    assert stage.ask(sleeper, "sleep", together)[0] == list(range(10))


def test_a_watched_pipe_is_read_and_no_longer_when_the_watch_ends(stage: Stage) -> None:
    watcher = stage.create(cast.Watcher)
    stage.ask(watcher, "open")
    for number in range(5):
        assert stage.ask(watcher, "write", b"line %d\n" % number) == (True, b"line %d\n" % number)
    stage.ask(watcher, "stop_watching")
    stage.system.tell(watcher, Note("write", b"unheard\n"))
    assert stage.system.listen(0.3) is None


def test_a_watched_descriptor_that_was_closed_is_let_go_and_the_others_stay(stage: Stage) -> None:
    watcher = stage.create(cast.Watcher)
    stage.ask(watcher, "open")
    stage.ask(watcher, "watch_closed")
    assert stage.ask(watcher, "write", b"still\n") == (True, b"still\n")


def test_a_message_that_makes_the_actor_raise_comes_back_as_poison(stage: Stage) -> None:
    probe = stage.create(cast.Probe)
    answer = stage.system.ask(probe, Note("raise"), ASK_S)
    assert isinstance(answer, PoisonMessage)
    assert answer.poisonMessage.what == "raise"
    assert stage.ask(probe, "echo", 1) == 1


def test_a_class_that_is_not_listed_fails_where_it_is_sent(stage: Stage) -> None:
    probe = stage.create(cast.Probe)
    with pytest.raises(TypeError, match="allow-list"):
        stage.system.tell(probe, cast.Unlisted())
    assert stage.ask(probe, "echo", 1) == 1


def test_a_global_name_means_one_actor(stage: Stage) -> None:
    probe = stage.create(cast.Probe)
    first = stage.create(cast.Probe, "the one")
    assert stage.create(cast.Probe, "the one") == first
    pid = stage.state(first)["pid"]
    assert stage.state(stage.create(cast.Probe, "the one"))["pid"] == pid
    assert stage.ask(probe, "create", "the one") is not None


def test_an_actor_asked_to_exit_says_so_to_its_parent(stage: Stage, tmp_path: Path) -> None:
    parent, log = stage.create(cast.Parent), tmp_path / "deaths"
    log.touch()
    stage.ask(parent, "log_to", str(log))
    _, child = stage.ask(parent, "create")
    stage.system.tell(child, ActorExitRequest())
    eventually(lambda: log.read_text().count("\n") >= 1, what="the exit noticed")
    assert {line.split()[1] for line in log.read_text().splitlines()} == {str(child.addressDetails)}


def test_a_stopped_receiver_delays_nobody_else_and_gets_everything_later(stage: Stage) -> None:
    sender, stopped, other = (stage.create(cast.Probe) for _ in range(3))
    pid = stage.state(stopped)["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        stage.ask(sender, "send_many", (stopped, 300, 100_000))
        for number in range(20):
            stage.ask(sender, "forward", (other, Note("keep", number)))
        assert kept_by(stage, other, 20) == list(range(20))
        assert stage.state(sender)["rejects"].get("send_overflow") is None
    finally:
        os.kill(pid, signal.SIGCONT)
    eventually(lambda: stage.ask(stopped, "count_kept") == list(range(300)), 30, "all 300, in order")


def test_past_the_bound_a_send_fails_and_is_counted(stage: Stage) -> None:
    sender, stopped, other = (stage.create(cast.Probe) for _ in range(3))
    pid = stage.state(stopped)["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        stage.ask(sender, "send_many", (stopped, 100, MIB))
        overflow = stage.state(sender)["rejects"]["send_overflow"]
        assert 30 <= overflow <= 40, "a receiver may hold 64 MiB of the 96"
        stage.ask(sender, "forward", (other, Note("keep", b"small")))
        assert kept_by(stage, other, 1) == [b"small"]
    finally:
        os.kill(pid, signal.SIGCONT)
    eventually(lambda: len(stage.ask(stopped, "count_kept")) == 100 - overflow, 30, "the rest")
    assert stage.ask(stopped, "count_kept") == list(range(100 - overflow))


def test_two_systems_in_one_process_do_not_disturb_each_other(tmp_path: Path, transport: str) -> None:
    with on_stage(tmp_path / "a", PLAIN[transport]) as one:
        first = one.create(cast.Probe)
        with on_stage(tmp_path / "b", PLAIN[transport]) as two:
            second = two.create(cast.Probe)
            assert one.state(first)["pid"] != two.state(second)["pid"]
            assert (one.ask(first, "echo", 1), two.ask(second, "echo", 2)) == (1, 2)
            assert two.system.ask(first, Note("echo", 3), 1) is None, "another system's key opens nothing"
            one.before |= two.pids()
        assert one.ask(first, "echo", 4) == 4


def test_a_spawned_system_does_the_same(tmp_path: Path, transport: str) -> None:
    with on_stage(tmp_path / "run", PLAIN[transport], "spawn") as stage:
        parent, log = stage.create(cast.Parent), tmp_path / "deaths"
        log.touch()
        stage.ask(parent, "log_to", str(log))
        pid, child = stage.ask(parent, "create")
        assert stage.ask(child, "echo", b"q" * 4 * MIB) == b"q" * 4 * MIB
        sleeper = stage.create(cast.Sleeper)
        assert stage.ask(sleeper, "sleep", [(1_000, "b"), (1, "a")])[0] == ["a", "b"]
        watcher = stage.create(cast.Watcher)
        stage.ask(watcher, "open")
        assert stage.ask(watcher, "write", b"w") == (True, b"w")
        stage.kill(pid)
        eventually(lambda: log.read_text().count("\n") == 1, what="the death noticed")


def test_a_child_does_not_keep_its_dead_parents_address_alive(stage: Stage) -> None:
    parent = stage.create(cast.Parent)
    stage.ask(parent, "log_to", os.devnull)
    pid, child = stage.ask(parent, "create")
    stage.kill(parent_of(pid))
    with stage.system.private() as asker:
        eventually(lambda: asker.ask(parent, Note("log_to", os.devnull), 1) is None, what="the parent to be gone")
    assert stage.ask(child, "echo", "orphan") == "orphan"
    os.kill(pid, signal.SIGKILL)


@pytest.fixture
def foreign() -> set[str]:
    """Sockets that other tests left open in this process."""
    return _socket_inodes(os.getpid())


def test_only_loopback_listens_and_with_datagrams_no_internet_socket_at_all(
    foreign: set[str], stage: Stage, transport: str
) -> None:
    stage.create(cast.Probe)
    stage.ask(stage.create(cast.Parent), "create")
    own = _socket_inodes(os.getpid())
    inodes = set().union(*(_socket_inodes(pid) for pid in stage.pids()), own) - foreign
    seen = 0
    for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
        lines = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        for line in lines:
            fields = line.split()
            if fields[9] not in inodes:
                continue
            seen += 1
            assert transport == "tcp"
            assert table == "tcp"
            assert fields[1].startswith("0100007F:"), line
    assert seen >= 5 if transport == "tcp" else seen == 0
    named = [
        line.split()[7:] for line in Path("/proc/net/unix").read_text().splitlines()[1:] if line.split()[6] in inodes
    ]
    for name in filter(None, named):
        assert not name[0].startswith("@"), "an abstract socket is open to every user"


def _socket_inodes(pid: int) -> set[str]:
    inodes = set()
    with suppress(FileNotFoundError):  # the process may just be leaving
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                target = os.readlink(fd)
                if target.startswith("socket:["):
                    inodes.add(target[8:-1])
    return inodes
