"""Code that looks written."""

from __future__ import annotations

from random import Random

from chaos import plausible_code as code
from storage.linking.lines import counted


def test_the_same_seed_writes_the_same() -> None:
    assert code.module(Random(1), 3) == code.module(Random(1), 3) != code.module(Random(2), 3)


def test_it_has_lines_of_its_own_and_lines_of_everybody() -> None:
    lines = code.module(Random(1), 20)
    common = [line for line in lines if line in code.COMMON]
    assert 0.1 < len(common) / len(lines) < 0.5
    own = [line for line in lines if line not in common and len(line) > 20 and not line.startswith("#")]
    assert len(set(own)) > 0.9 * len(own)


def test_a_formatter_leaves_words_and_changes_lines() -> None:
    call = code.long_call(Random(1))
    broken = code.formatted([call, "    x = 'y'"])
    assert len(broken) > 10
    assert "".join(broken[:-1]).replace(" ", "").replace(",)", ")") == call.replace(" ", "")
    assert counted(broken[-1:]) == counted(["    x = 'y'"])
