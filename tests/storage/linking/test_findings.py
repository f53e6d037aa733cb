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
