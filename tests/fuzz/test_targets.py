"""Each fuzz target holds for its corpus, for what once broke it, and for both with bytes flipped, cut and doubled."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from fuzz.targets import TARGETS

CORPUS = Path(__file__).resolve().parents[2] / "fuzz" / "corpus"
BENT = 40
"""Bent copies of each file: enough to see that a target still runs, not a search."""


@pytest.mark.parametrize("name", TARGETS)
def test_it_holds_for_its_corpus_and_for_bent_copies(name: str) -> None:
    files = sorted((CORPUS / name).iterdir())
    assert files, f"fuzz/corpus/{name} is empty"
    chance = random.Random(name)
    for file in files:
        data = file.read_bytes()
        TARGETS[name](data)
        for _ in range(BENT):
            TARGETS[name](_bent(data, chance))


def test_every_folder_of_the_corpus_has_a_target() -> None:
    assert {each.name for each in CORPUS.iterdir()} == set(TARGETS)


def _bent(data: bytes, chance: random.Random) -> bytes:
    bytes_ = bytearray(data)
    at = chance.randrange(len(bytes_) + 1)
    match chance.randrange(4):
        case 0:
            bytes_[at:at] = chance.randbytes(chance.randrange(1, 6))
        case 1:
            del bytes_[at : at + chance.randrange(1, 9)]
        case 2 if at < len(bytes_):
            bytes_[at] ^= 1 << chance.randrange(8)
        case _:
            bytes_ += bytes_[at : at + 64]
    return bytes(bytes_)
