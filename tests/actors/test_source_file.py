from __future__ import annotations

import os
from pathlib import Path

import pytest

from actors.source_file import BESIDE_BYTES_MAX, NotAFile, SourceFile
from actors.wire.gathered import LineGone
from tests.systems import posix


def test_it_reads_what_was_there_when_it_was_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"one\ntwo\n")
    with SourceFile(str(path)) as file:
        with path.open("ab") as more:
            more.write(b"three\n")
        assert (file.size, file.read(4, 100), file.read(8, 100), file.recall(0, 3)) == (8, b"two\n", b"", b"one")
        os.truncate(path, 2)
        with pytest.raises(LineGone):
            file.recall(0, 3)


@posix
def test_a_link_a_folder_and_a_pipe_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="link"):
        SourceFile(str(tmp_path / "link"))
    for name in ("pipe", "."):
        with pytest.raises(NotAFile):
            SourceFile(str(tmp_path / name))


def test_a_text_beside_a_transcript_is_read_from_the_sessions_own_folder_alone(tmp_path: Path) -> None:
    session = tmp_path / "s.jsonl"
    session.write_text("")
    (tmp_path / "secret.txt").write_text("not this")
    results = tmp_path / "s" / "tool-results"
    results.mkdir(parents=True)
    (results / "b.txt").write_bytes(b"a\xffb")
    (results / "big.txt").write_bytes(b"x" * (BESIDE_BYTES_MAX + 1))
    (results / "link.txt").symlink_to(tmp_path / "secret.txt")
    agent = tmp_path / "s" / "subagents" / "agent-1.jsonl"
    agent.parent.mkdir()
    agent.write_text("")
    for path in (session, agent):
        with SourceFile(str(path)) as file:
            assert file.beside("/home/other/tool-results/b.txt") == "a�b"
            assert len(file.beside("big.txt") or "") == BESIDE_BYTES_MAX
            assert file.beside(str(tmp_path / "secret.txt")) is None
            assert file.beside("link.txt") is file.beside("..") is file.beside("") is None
            assert file.beside("a\x00b.txt") is None
