"""Places where structure may hold a secret."""

import re

from storage.redacting.anchors import ANCHORS


def test_every_probe_compiles_and_names_its_strings():
    for anchor in ANCHORS:
        assert re.compile(anchor.probe.pattern, re.I)
        assert anchor.probe.everywhere
        assert anchor.probe.hints
        assert all(hint == hint.lower() for hint in anchor.probe.hints)


def test_readers_stand_any_position():
    text = 'x password = "a1b2c3" :// @ ? & -p <a> | , is to'
    for anchor in ANCHORS:
        for end in range(1, len(text) + 1):
            assert all(0 <= s.start < s.end <= len(text) for s in anchor.read(text, end))
