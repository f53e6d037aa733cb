"""The fallback holds as long as the run, whatever tree of it is up."""

from __future__ import annotations

from pathlib import Path

from storage.fallback import FallbackNote
from tests.systems import posix


def test_it_outlives_the_tree_and_not_the_run(tmp_path: Path) -> None:
    FallbackNote(tmp_path, "run-a.1").write(on=True)
    assert FallbackNote(tmp_path, "run-a.2").read()
    assert not FallbackNote(tmp_path, "run-b.1").read()
    FallbackNote(tmp_path, "run-a.2").write(on=False)
    assert not FallbackNote(tmp_path, "run-a.3").read()
    FallbackNote(tmp_path, "run-a.3").write(on=False)


@posix
def test_a_note_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    note = FallbackNote(tmp_path, "run-a.1")
    assert not note.read()
    for content in (b"", b"{", b"[]", b'{"run": 1}', b"x" * 10_000):
        (tmp_path / "fallback.json").write_bytes(content)
        assert not note.read()
    (tmp_path / "fallback.json").unlink()
    (tmp_path / "fallback.json").symlink_to("/etc/passwd")
    assert not note.read()
