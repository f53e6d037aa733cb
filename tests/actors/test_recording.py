"""A recording is private, bounded, masked, and never in the way of what it records."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from actors.machines import decisions
from actors.machines.courier import Courier
from actors.recording import FILES_MAX, FOLDER, Recording, digest, record_from
from messages.lifecycle import Begin
from messages.settings import SidecarSettings, TraceSettings, TreeSettings
from messages.stream import BatchSettled

LINE = b'{"method":"x","params":{"text":"hunter2"}}\n'


def work(courier: Courier, rounds: int = 1) -> None:
    for number in range(rounds):
        if not courier.waiting:
            courier.opened(1)
        courier.read(LINE, 1, [], 5, 5)
        courier.settled(BatchSettled(generation=1, through_seq=number + 1))


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture(autouse=True)
def nobody_watches() -> Any:
    yield
    decisions.watch(None)


def test_a_recording_has_a_head_the_beginning_of_each_machine_and_its_decisions(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "r.jsonl", b"k", {"from": "a test"})
    decisions.watch(recording)
    work(Courier(1_000, 500))
    recording.close()
    head, begins, *decided = lines(tmp_path / "r.jsonl")
    assert head == {"recording": 1, "from": "a test"}
    assert begins == {"machine": "Courier-1", "begins": "Courier", "fields": {"bytes_max": 1_000, "resend_ms": 500}}
    assert [(each["n"], each["verb"].rpartition(".")[2]) for each in decided] == [
        (1, "opened"),
        (2, "read"),
        (3, "settled"),
    ]
    assert [each["decided"][0][:3] for each in decided[:2]] == [
        ["Send", "stager", "GenerationOpened"],
        ["Send", "stager", "FrameBatch"],
    ]
    assert "hunter2" not in (tmp_path / "r.jsonl").read_text()
    assert (tmp_path / "r.jsonl").stat().st_mode & 0o777 == 0o600


def test_at_its_bound_it_says_that_it_was_cut_and_stops(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "r.jsonl", b"k", {}, bytes_max=2_000)
    decisions.watch(recording)
    work(Courier(10_000, 500), 50)
    assert (tmp_path / "r.jsonl").stat().st_size < 2_100
    assert lines(tmp_path / "r.jsonl")[-1] == {"cut": "it reached its bound"}


def test_a_recording_that_fails_ends_and_the_machine_goes_on(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "r.jsonl", b"k", {})
    decisions.watch(recording)
    courier = Courier(10_000, 500)
    courier.opened(1)
    courier.tick(object())  # type: ignore[arg-type]  # nothing that can be written down
    work(courier)
    assert courier.settled_seq == 1
    assert lines(tmp_path / "r.jsonl")[-1] == {"cut": "it failed: AssertionError"}


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text("mine")
    with pytest.raises(FileExistsError):
        Recording(tmp_path / "r.jsonl", b"k", {})
    assert (tmp_path / "r.jsonl").read_text() == "mine"


def test_a_process_records_below_its_state_folder_and_the_oldest_recordings_go(tmp_path: Path) -> None:
    settings = TreeSettings(
        run_id="r.1", state_dir=str(tmp_path), database="", sidecar=SidecarSettings(codex_path=None),
        traces=TraceSettings(decisions=True),
    )  # fmt: skip
    begin = Begin(role="auth", incarnation=2, token="t", root_pid=1, root_created_at=1.0, settings=settings)
    (tmp_path / FOLDER).mkdir()
    for number in range(FILES_MAX + 3):
        old = tmp_path / FOLDER / f"old-{number}.jsonl"
        old.write_text("{}")
        os.utime(old, (number, number))
    recording = record_from(begin, b"k")
    assert recording is not None
    recording.close()
    left = {path.name for path in (tmp_path / FOLDER).iterdir()}
    assert len(left) == FILES_MAX
    assert "r.1-auth-2.jsonl" in left
    assert "old-0.jsonl" not in left
    assert record_from(begin, b"k") is None, "the same start is not recorded twice"


def test_a_digest_tells_a_number_that_changed_and_no_text() -> None:
    one = Courier(1_000, 500)
    two = Courier(1_000, 500)
    one.opened(1)
    two.opened(1)
    first = digest(one.read(LINE, 1, [], 5, 5))
    assert first != digest(two.read(LINE, 2, [], 5, 5))
    assert "hunter2" not in str(first)
