"""What patches add and remove."""

from __future__ import annotations

from storage.linking.patches import envelopes, hunk_lines, whole

DIFF = """--- a/x.py
+++ b/x.py
@@ -1,2 +1,2 @@
 same
--- old item
+++ new item
\\ No newline at end of file
"""
ENVELOPE = """apply_patch <<'EOF'
*** Begin Patch
*** Add File: new.txt
+one
+two
*** Update File: src/a.py
*** Move to: src/b.py
@@ def f():
 keep
-old
+new
*** Delete File: gone.txt
*** End Patch
EOF
+after the patch"""


def test_hunks_are_read_with_and_without_headers() -> None:
    assert hunk_lines(DIFF) == (["++ new item"], ["-- old item"])
    assert hunk_lines("@@ -1 +1 @@\n-a\n+b\n+c") == (["b", "c"], ["a"])
    assert hunk_lines("+not a hunk\n") == (["not a hunk"], [])
    assert hunk_lines("") == ([], [])


def test_an_apply_patch_envelope_gives_its_changes() -> None:
    added, moved, deleted = envelopes(ENVELOPE)
    assert (added.path, added.deed, added.added) == ("new.txt", "add", ["one", "two"])
    assert (moved.path, moved.old_path, moved.added, moved.removed) == ("src/b.py", "src/a.py", ["new"], ["old"])
    assert (deleted.path, deleted.deed) == ("gone.txt", "delete")


def test_a_patch_that_is_cut_off_gives_what_it_has() -> None:
    assert [change.added for change in envelopes("*** Begin Patch\n*** Add File: x\n+a")] == [["a"]]
    assert list(envelopes("*** Add File: x\n+a")) == []
    assert whole("a\nb") == ["a", "b"]
