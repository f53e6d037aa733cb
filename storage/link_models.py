"""Links of sessions and commits, as peewee models. All of it goes with its session."""

from __future__ import annotations

from peewee import AutoField, BigIntegerField, ForeignKeyField, IntegerField, Model, TextField

from storage.models import ItemRow, SessionRow


class LinkEvidenceRow(Model):
    """One file that an item changed, or one commit that it shows being made."""

    id: AutoField[int] = AutoField()
    session = ForeignKeyField(SessionRow, column_name="session_row", on_delete="CASCADE")
    item = ForeignKeyField(ItemRow, column_name="item_row", on_delete="CASCADE")
    kind = TextField()
    """What was done: `add`, `update`, `delete`, `touch`; or `commit`."""
    path = TextField(null=True)
    """The file, or the folder in which git was run."""
    old_path = TextField(null=True)
    commit = TextField(null=True)
    """Git's short name of a commit, as its output had it."""
    subject = TextField(null=True)
    branch = TextField(null=True)
    at_ms = BigIntegerField(null=True)

    class Meta:
        table_name = "link_evidence"


class LinkStateRow(Model):
    """Whether a session is linked, and if not, why. A session without evidence has no row."""

    session = ForeignKeyField(SessionRow, column_name="session_row", on_delete="CASCADE", primary_key=True)
    revision = BigIntegerField()
    """Of its evidence: counts upwards with each item that shows something."""
    looked_revision = BigIntegerField()
    """The one that was looked at last; a smaller one than `revision` is due."""
    state = TextField()
    """linked, needs_review or unlinked."""
    reason = TextField()
    looked_at_ms = BigIntegerField(null=True)

    class Meta:
        table_name = "link_states"


class LinkPlaceRow(Model):
    """A working tree that a session worked in: known from now on, also when the tree is removed."""

    id: AutoField[int] = AutoField()
    session = ForeignKeyField(SessionRow, column_name="session_row", on_delete="CASCADE", index=False)
    repo = TextField(index=True)
    """The shared git folder of all working trees of a repository."""
    root = TextField()

    class Meta:
        table_name = "link_places"
        indexes = ((("session", "repo", "root"), True),)


class LinkRow(Model):
    """A session and a commit that go together."""

    id: AutoField[int] = AutoField()
    session = ForeignKeyField(SessionRow, column_name="session_row", on_delete="CASCADE", index=False)
    repo = TextField()
    commit = TextField(index=True)
    patch_id = TextField(null=True)
    """Git's own, over the commit's changes: the same after a rebase or a cherry-pick."""
    subject = TextField()
    committed_at_ms = BigIntegerField(null=True)
    state = TextField()
    """linked, needs_review, or gone when nothing reaches the commit any more."""
    score = IntegerField()
    """0 to 100; 60 and more is linked."""
    method = TextField()
    reason = TextField()
    was = TextField(null=True)
    """The commit that this one replaces: amended, rebased, squashed or picked."""
    evidence = TextField()
    """JSON: files with how many of their lines match, and sessions that wrote the same."""
    linked_at_ms = BigIntegerField()

    class Meta:
        table_name = "links"
        indexes = ((("session", "repo", "commit"), True),)
