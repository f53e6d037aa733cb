from __future__ import annotations

from storage.linking.findings import from_patch, joined, local_path
from storage.linking.patches import envelopes


def test_a_path_is_taken_from_where_it_was_said() -> None:
    assert joined("/r", "a") == "/r/a"
    assert joined(None, "a") == "a"
    assert joined("/r", "/a") == "/a"
    assert joined("/r/", "~/a") == "~/a"
    assert joined("/r", r"C:\a") == r"C:\a"


def test_a_file_url_is_a_path_and_any_other_text_is_itself() -> None:
    assert local_path("file:///a%20b") == "/a b"
    assert local_path("/a%20b") == "/a%20b"


def test_a_patch_that_moves_a_file_names_both() -> None:
    patch = "*** Begin Patch\n*** Update File: a\n*** Move to: b\n@@\n-x\n+y\n*** End Patch"
    (edit,) = map(from_patch, envelopes(patch))
    assert (edit.path, edit.old_path, edit.deed, edit.added, edit.removed) == ("b", "a", "update", ["y"], ["x"])
