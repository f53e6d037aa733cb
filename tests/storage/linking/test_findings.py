from __future__ import annotations

from storage.linking.findings import joined, local_path


def test_a_path_is_taken_from_where_it_was_said() -> None:
    assert joined("/r", "a") == "/r/a"
    assert joined(None, "a") == "a"
    assert joined("/r", "/a") == "/a"
    assert joined("/r/", "~/a") == "~/a"
    assert joined("/r", r"C:\a") == r"C:\a"


def test_a_file_url_is_a_path_and_any_other_text_is_itself() -> None:
    assert local_path("file:///a%20b") == "/a b"
    assert local_path("/a%20b") == "/a%20b"


def test_what_only_begins_like_a_file_url_is_itself() -> None:
    for path in ("file://[", "file://[x/y", "file://\u2100/z"):
        assert local_path(path) == path
