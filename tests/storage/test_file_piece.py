"""A piece of a file is the same by this system's way, and by Windows'."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from storage.file_piece import read_piece


@pytest.mark.parametrize("moved", [False, True], ids=["pread", "without pread"])
def test_a_piece_is_what_stands_there_and_ends_with_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: bool
) -> None:
    if moved:
        monkeypatch.delattr(os, "pread", raising=False)
    (tmp_path / "file").write_bytes(b"0123456789")
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)
    try:
        pieces = [
            read_piece(descriptor, length, offset) for length, offset in ((3, 7), (4, 2), (9, 5), (1, 10), (2, 99))
        ]
    finally:
        os.close(descriptor)
    assert pieces == [b"789", b"2345", b"56789", b"", b""]
