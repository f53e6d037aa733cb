from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.transport import port_file
from actors.transport.port_file import LOOPBACK, answers, entry_for, port_in

KEY, TOKEN = b"k" * 32, b"t" * 8


@given(port=st.integers(0, 65535))
def test_a_port_written_with_the_key_is_believed(port: int) -> None:
    assert port_in(KEY, TOKEN, entry_for(KEY, TOKEN, port)) == port


@given(port=st.integers(0, 65535), where=st.integers(0, 17), bit=st.integers(0, 7))
def test_a_changed_entry_is_not(port: int, where: int, bit: int) -> None:
    entry = bytearray(entry_for(KEY, TOKEN, port))
    entry[where] ^= 1 << bit
    assert port_in(KEY, TOKEN, bytes(entry)) is None


@given(entry=st.binary(max_size=30))
def test_random_bytes_are_not(entry: bytes) -> None:
    assert port_in(KEY, TOKEN, entry) is None


def test_an_entry_belongs_to_one_address_and_one_run() -> None:
    entry = entry_for(KEY, TOKEN, 4000)
    assert port_in(KEY, b"u" * 8, entry) is None
    assert port_in(b"K" * 32, TOKEN, entry) is None


def test_a_file_is_written_for_its_owner_alone_and_read_back(tmp_path: Path) -> None:
    path = str(tmp_path / "f.port")
    for port in (1, 2):
        port_file.write(path, entry_for(KEY, TOKEN, port))
        assert port_in(KEY, TOKEN, port_file.read(path)) == port
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert os.listdir(tmp_path) == ["f.port"]


def test_reading_never_blocks_and_never_follows(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert port_file.read(str(tmp_path / "fifo")) == b""
    (tmp_path / "link").symlink_to("/dev/zero")
    with pytest.raises(OSError, match="symbolic"):
        port_file.read(str(tmp_path / "link"))
    (tmp_path / "long").write_bytes(b"x" * 10_000)
    assert len(port_file.read(str(tmp_path / "long"))) == 19


def test_who_answers_lives_and_who_refuses_is_dead(tmp_path: Path) -> None:
    path = str(tmp_path / "f.port")
    listener = socket.create_server((LOOPBACK, 0))
    port_file.write(path, entry_for(KEY, TOKEN, listener.getsockname()[1]))
    assert answers(path)
    listener.close()
    assert not answers(path)
    port_file.write(path, b"short")
    assert not answers(path)
