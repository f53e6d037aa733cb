"""Two engines, one answer."""

import random
from pathlib import Path

import pytest

from storage.redacting import gate
from storage.redacting.gate import HyperscanGate, Probe, build, installed
from storage.redacting.rule import instance
from storage.redacting.scan import RULES
from storage.redaction import redact
from tests.storage import redaction_cases

pytest.importorskip("hyperscan")
PIECES = [
    "password",
    "token",
    "secret",
    "api_key",
    "=",
    ": ",
    '"',
    "'",
    "\n",
    "\\n",
    "\\",
    " ",
    "://",
    "@",
    "?",
    "&",
    "sig=",
    "<",
    ">",
    "|",
    ",",
    "--",
    "is ",
    "Bearer ",
    "value",
    "name",
    "kind: Secret\ndata:\n a: ",
    "-----BEGIN RSA PRIVATE KEY-----\n",
    "é",
    "\x1b[31m",
    "\\u003d",
    "%3D",
    "curl -u ",
    "export ",
]


def same(text: str) -> bool:
    return redact(text, engine="hyperscan") == redact(text, engine="re2")


def test_both_engines_agree_on_the_realistic_cases():
    positives, negatives = redaction_cases.build()
    assert [t for t, _ in positives if not same(t)] == []
    assert [t for t in negatives if not same(t)] == []


def test_both_engines_agree_on_every_format_and_on_noise():
    rng = random.Random(11)
    shapes = [rule.shape for rule in RULES if rule.shape]
    for _ in range(1500):
        text = "".join(
            instance(rng.choice(shapes), rng)
            if rng.random() < 0.15
            else rng.choice(PIECES) + rng.choice(("", "aZ3", " "))
            for _ in range(rng.randint(1, 25))
        )
        assert same(text), ascii(text)


def test_the_best_installed_engine_is_taken():
    assert installed() == "hyperscan"
    assert build([Probe("abc", ("abc",))]).name == "hyperscan"


def test_without_hyperscan_re2_is_taken(monkeypatch):
    monkeypatch.setattr(gate.importlib.util, "find_spec", lambda name: None)
    assert build([Probe("abc", ("abc",))]).name == "re2"


def test_an_unknown_engine_is_refused():
    with pytest.raises(ValueError, match="hyperscan"):
        build([], "pcre")


@pytest.mark.parametrize("engine", ["hyperscan", "re2"])
def test_ends_are_reported_for_probes_that_ask(engine):
    made = build([Probe("abc", ("abc",)), Probe("x=", ("x=",), caseless=True, everywhere=True)], engine)
    fired, ends = made.fired(b"abc X= x=")
    assert fired == {0, 1}
    assert sorted(ends) == [(1, 6), (1, 9)]


def test_a_kept_automaton_is_loaded_and_answers_the_same(tmp_path: Path) -> None:
    pytest.importorskip("hyperscan")
    probes = [Probe("ghp_[0-9A-Za-z]{4}"), Probe("xox[bp]-", everywhere=True)]
    fresh = HyperscanGate(probes, tmp_path / "cache")
    [kept] = (tmp_path / "cache").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    written = kept.stat().st_mtime_ns
    again = HyperscanGate(probes, tmp_path / "cache")
    assert kept.stat().st_mtime_ns == written
    view = b"a ghp_1234 and xoxb- and xoxp-"
    assert again.fired(view) == fresh.fired(view) != (set(), [])


@pytest.mark.parametrize("damage", ["garbage", "others may write"])
def test_a_kept_automaton_that_cannot_be_trusted_is_made_anew(tmp_path: Path, damage: str) -> None:
    pytest.importorskip("hyperscan")
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
