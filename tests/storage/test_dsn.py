"""A DSN is shown as server and database, and a password in an odd place is never taken for either."""

from __future__ import annotations

import pytest

from storage.dsn import is_dsn, label_of
from storage.errors import StoreNotWritable


@pytest.mark.parametrize(
    ("dsn", "label"),
    [
        ("postgresql://user:hunter2@db.example:5433/capture", "postgresql://db.example:5433/capture"),
        ("postgres://db/capture?password=hunter2", "postgresql://db/capture"),
        ("postgresql:///capture?host=/run/postgresql", "postgresql://local/capture"),
        ("postgresql://user:hun%40ter2@[::1]:5432/capture", "postgresql://[::1]:5432/capture"),
        ("postgresql://a:1,b:2/capture", "postgresql://a:1,b:2/capture"),
        ("postgresql://db/a%20name%22", "postgresql://db/…"),
    ],
)
def test_a_label_names_server_and_database(dsn: str, label: str) -> None:
    assert label_of(dsn) == label


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://user:hun@ter2@db/capture",
        "postgresql://user:hun/ter2@db/capture",
        "postgresql://user:1234/ter2@db/capture",
        "postgresql://user:12?ter2@db/capture",
        "postgresql://user:hun#ter2@db/capture",
        "postgresql://user:hun ter2@db/capture",
        "postgresql://db:hunter2/capture",
        "postgresql://[hunter2/capture",
        "mysql://user:hunter2@db/capture",
    ],
)
def test_a_dsn_that_cannot_be_read_is_refused_without_a_word_of_it(dsn: str) -> None:
    with pytest.raises(StoreNotWritable, match="postgresql://USER:PASSWORD@HOST") as caught:
        label_of(dsn)
    told = str(caught.value)
    assert all(piece not in told for piece in ("hunter2", "ter2", "hun@", "1234", "db/"))


def test_a_path_is_no_dsn() -> None:
    assert not is_dsn("/state/capture.sqlite3")
    assert is_dsn("postgresql://db/capture")
