"""Errors speak to a person."""

from __future__ import annotations

import storage.errors as errors


def test_every_error_says_what_is_wrong_and_what_to_do() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.StoreError)]
    assert len(kinds) >= 6
    for kind in kinds:
        assert str(kind("it is broken", "mend it")) == "it is broken; mend it"
        assert kind.__doc__
