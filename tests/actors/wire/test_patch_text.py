from __future__ import annotations

from actors.wire.patch_text import patch_changes

PATCH = """*** Begin Patch
*** Update File: src/b.py
*** Move to: src/c.py
@@ def f():
-    old
+    new
*** Add File: a.txt
+one
++two
*** Delete File: /abs/gone.txt
*** End Patch
"""


def test_a_patch_becomes_changes_with_absolute_paths_in_order() -> None:
    assert patch_changes(PATCH, "/w") == [
        {"path": "/abs/gone.txt", "kind": {"type": "delete"}, "diff": ""},
        {"path": "/w/a.txt", "kind": {"type": "add"}, "diff": "one\n+two\n"},
        {
            "path": "/w/src/b.py",
            "kind": {"type": "update", "move_path": "/w/src/c.py"},
            "diff": "@@ def f():\n-    old\n+    new\n",
        },
    ]


def test_a_text_of_another_format_gives_nothing() -> None:
    assert patch_changes("--- a\n+++ b\n", None) == []
    assert patch_changes("", "/w") == []


def test_paths_stay_relative_where_no_folder_is_known() -> None:
    assert [change["path"] for change in patch_changes(PATCH, None)] == ["/abs/gone.txt", "a.txt", "src/b.py"]
