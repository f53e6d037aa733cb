from __future__ import annotations

from pathlib import Path

import pytest

from storage.redacting.gate import HyperscanGate, Probe
from tests.systems import posix

pytest.importorskip("hyperscan")


@posix
def test_a_kept_automaton_is_loaded_and_answers_the_same(tmp_path: Path) -> None:
    probes = [Probe("ghp_[0-9A-Za-z]{4}"), Probe("xox[bp]-", everywhere=True)]
    fresh = HyperscanGate(probes, tmp_path / "cache")
    [kept] = (tmp_path / "cache").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    written = kept.stat().st_mtime_ns
    again = HyperscanGate(probes, tmp_path / "cache")
    assert kept.stat().st_mtime_ns == written
    view = b"a ghp_1234 and xoxb- and xoxp-"
    assert again.fired(view) == fresh.fired(view) != (set(), [])


@posix
@pytest.mark.parametrize("damage", ["garbage", "others may write"])
def test_a_kept_automaton_that_cannot_be_trusted_is_made_anew(tmp_path: Path, damage: str) -> None:
    probes = [Probe("ghp_[0-9A-Za-z]{4}")]
    HyperscanGate(probes, tmp_path)
    [kept] = tmp_path.iterdir()
    if damage == "garbage":
        kept.write_bytes(b"not an automaton")
    else:
        kept.chmod(0o666)
    gate = HyperscanGate(probes, tmp_path)
    assert gate.fired(b"ghp_1234")[0] == {0}
    assert kept.read_bytes() != b"not an automaton"
    assert kept.stat().st_mode & 0o022 == 0
