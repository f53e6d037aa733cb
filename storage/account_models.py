"""What accounts for what was captured, as peewee models: how far each source is stored, what was counted and decided,
what happened, what was removed on purpose.

Times are ms since the epoch unless their name says otherwise.
"""

from __future__ import annotations

from peewee import AutoField, BigIntegerField, BooleanField, IntegerField, Model, TextField


class FileRow(Model):
    """How far one file is stored."""

    id: AutoField[int] = AutoField()
    path_key = TextField(unique=True)
    """SHA-256 of the path: a path may hold what redaction hides."""
    path = TextField()
    device = BigIntegerField()
    inode = BigIntegerField()
    offset = BigIntegerField()
    size = BigIntegerField()
    head = TextField()
    state = TextField()

    class Meta:
        table_name = "files"
        indexes = ((("device", "inode"), False),)


class StagedRow(Model):
    """An item that is open now, by name and size: what would be lost if the stage died."""

    id: AutoField[int] = AutoField()
    run_id = TextField()
    source = TextField()
    generation = IntegerField()
    session_id = TextField()
    turn_id = TextField()
    item_id = TextField()
    kind = TextField()
    frames = BigIntegerField()
    bytes_count = BigIntegerField()

    class Meta:
        table_name = "staged_items"
        indexes = ((("run_id", "source", "generation", "session_id", "turn_id", "item_id"), True),)


class OffsetRow(Model):
    """How far one source of one run is stored."""

    id: AutoField[int] = AutoField()
    run_id = TextField()
    source = TextField()
    generation = IntegerField()
    stager = IntegerField()
    """The incarnation whose checkpoints are valid."""
    through_seq = BigIntegerField()
    received = BigIntegerField()
    closed = BooleanField()
    difference = BigIntegerField()
    """received - dispositions - staged as last checked; anything but 0 is an incident."""

    class Meta:
        table_name = "offsets"
        indexes = ((("run_id", "source", "generation"), True),)


class PullRow(Model):
    """How far one thread is stored from the app-server's own history."""

    id: AutoField[int] = AutoField()
    tool = TextField()
    session_id = TextField()
    cursor = TextField(null=True)
    """Upstream's cursor of the page to read next."""
    last_turn_id = TextField(null=True)
    """The last turn of that page that is stored with its end."""
    updated_at_s = BigIntegerField(null=True)
    """Upstream's time of the thread's last change when all of it was stored; null while something is left."""

    class Meta:
        table_name = "pulls"
        indexes = ((("tool", "session_id"), True),)


class LedgerEntryRow(Model):
    """How many frames of one source of one run and one tool came to one disposition."""

    id: AutoField[int] = AutoField()
    run_id = TextField()
    source = TextField()
    generation = IntegerField()
    disposition = TextField()
    count = BigIntegerField()
    tool = TextField()

    class Meta:
        table_name = "ledger"
        indexes = ((("run_id", "source", "generation", "tool", "disposition"), True),)


class DecisionRow(Model):
    """What became of one item or turn result, and why. Bounded: the newest rows are kept."""

    id: AutoField[int] = AutoField()
    at_ms = BigIntegerField()
    run_id = TextField()
    source = TextField()
    generation = IntegerField()
    session_id = TextField()
    turn_id = TextField()
    item_id = TextField(null=True)
    """None when the decision is about the turn itself."""
    kind = TextField()
    decision = TextField()
    reason = TextField()
    revision = IntegerField(null=True)
    tool = TextField()

    class Meta:
        table_name = "dedupe_log"
        indexes = ((("session_id",), False),)


class AuditRow(Model):
    """Something that happened and must not be forgotten."""

    id: AutoField[int] = AutoField()
    at_ms = BigIntegerField()
    run_id = TextField()
    kind = TextField()
    subject = TextField()
    text = TextField()
    session_id = TextField(null=True)
    turn_id = TextField(null=True)
    item_id = TextField(null=True)
    frames = BigIntegerField(null=True)
    bytes_count = BigIntegerField(null=True)

    class Meta:
        table_name = "audit"


class TransitionRow(Model):
    """One change of mode, process, handshake or auth state. Never thinned."""

    id: AutoField[int] = AutoField()
    run_id = TextField()
    seq = IntegerField()
    what = TextField()
    who = TextField()
    before = TextField()
    after = TextField()
    cause = TextField()
    at_ms = BigIntegerField()
    monotonic_ms = BigIntegerField()

    class Meta:
        table_name = "transitions"
        indexes = ((("run_id", "seq"), True),)


class PurgedSessionRow(Model):
    """A session that was removed on purpose."""

    id: AutoField[int] = AutoField()
    tool = TextField()
    session_id = TextField()
    before_ms = BigIntegerField()
    """What its sources tell of the time until then stays away."""

    class Meta:
        table_name = "purged_sessions"
        indexes = ((("tool", "session_id"), True),)


class PurgedTurnRow(Model):
    """A turn that was removed with its session: copies of it in forks stay away, too."""

    id: AutoField[int] = AutoField()
    tool = TextField()
    turn_id = TextField()

    class Meta:
        table_name = "purged_turns"
        indexes = ((("tool", "turn_id"), True),)


class TraceRow(Model):
    """One message that a part of the tree handled: what it was called, who it names, how large it was, how long it
    took. Never what it said. A ring: the newest are kept. It has no index on purpose (`trace_reader.py`)."""

    id: AutoField[int] = AutoField()
    run_id = TextField()
    receiver = TextField()
    incarnation = IntegerField()
    n = BigIntegerField()
    """Counts what this receiver had to record: a hole is a row that was lost."""
    message_id = TextField()
    cause_id = TextField()
    """The message whose handling sent this one; empty where a trace begins."""
    trace_id = TextField()
    hop = IntegerField()
    type = TextField()
    sender = TextField()
    sent_us = BigIntegerField()
    at_us = BigIntegerField()
    """When its handling began. Both on the monotonic clock of the machine, which all its processes share."""
    handled_us = BigIntegerField()
    """How long its handling took."""
    anchor_us = BigIntegerField()
    """Wall clock less monotonic clock, once per run: the sum with `at_us` is the time of day."""
    size = BigIntegerField()
    outcome = TextField()
    session_ids = TextField(null=True)
    turn_ids = TextField(null=True)
    item_ids = TextField(null=True)
    """With commas between, and at both ends, so that one can be looked for; the first few."""
    generation = IntegerField(null=True)
    first_seq = BigIntegerField(null=True)
    last_seq = BigIntegerField(null=True)
    """The frames it is about."""

    class Meta:
        table_name = "traces"


class MetaRow(Model):
    """Facts about the file itself: schema version, last probe."""

    key = TextField(primary_key=True)
    value = TextField()

    class Meta:
        table_name = "meta"
