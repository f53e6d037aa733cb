"""The tables, as peewee models: the one description of the schema.

`migrations.py` holds how a file gets there; a test holds that both agree. Canonical tables (sessions, turns, items,
usage) carry no time of writing: the same input leaves them byte for byte the same, whenever and however often it comes.
Times are ms since the epoch. Read `store.py` next.
"""

from __future__ import annotations

from peewee import (
    SQL,
    AutoField,
    BigIntegerField,
    BooleanField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)


class SessionRow(Model):
    """One thread of a tool. What is known last wins; `first_seen_ms` and `created_at_ms` never move once set."""

    id: AutoField[int] = AutoField()
    tool = TextField()
    session_id = TextField()
    cwd = TextField(null=True)
    branch = TextField(null=True)
    commit = TextField(null=True)
    model = TextField(null=True)
    title = TextField(null=True)
    cli_version = TextField(null=True)
    path = TextField(null=True)
    created_at_ms = BigIntegerField(null=True)
    first_seen_ms = BigIntegerField()
    source = TextField()
    """The source that comes first among those that saw it."""
    forked_from = TextField(null=True)
    """Id of the session whose history this one began with."""
    told = TextField(null=True)
    """Who told each fact and when, JSON: fact to [upstream's ms, source]."""

    class Meta:
        table_name = "sessions"
        indexes = ((("tool", "session_id"), True),)


SessionRow.add_index(SQL("CREATE INDEX sessions_age ON sessions ((coalesce(created_at_ms, first_seen_ms)), id)"))


class TurnRow(Model):
    """One turn. Once its status is final, its result stands."""

    id: AutoField[int] = AutoField()
    session = ForeignKeyField(SessionRow, column_name="session_row", backref="turns", index=False)
    turn_id = TextField()
    status = TextField(null=True)
    error = TextField(null=True)
    started_at_ms = BigIntegerField(null=True)
    completed_at_ms = BigIntegerField(null=True)
    duration_ms = BigIntegerField(null=True)
    item_count = IntegerField(default=0)
    result_item_id = TextField(null=True)
    """The last agent message of an ended turn: what the turn came to."""
    runner = TextField(null=True)
    """Set while the end is not proved: `<run> <generation>` of the process that runs the turn, or `unproved` when it
    was given up as interrupted and a real end would still be taken; `file` while only files or telemetry tell of it."""
    trace_id = TextField(null=True)
    """The trace that telemetry of this turn carries."""
    start_source = TextField(null=True)
    end_source = TextField(null=True)
    """Which source told the start and the end."""

    class Meta:
        table_name = "turns"
        indexes = ((("session", "turn_id"), True), (("turn_id",), False))


class TurnSessionRow(Model):
    """A session that has a copy of a turn, for turns that more than one session has."""

    id: AutoField[int] = AutoField()
    turn = ForeignKeyField(TurnRow, column_name="turn_row", index=False)
    session = ForeignKeyField(SessionRow, column_name="session_row", index=True)

    class Meta:
        table_name = "turn_sessions"
        indexes = ((("turn", "session"), True),)


class TurnNameRow(Model):
    """Another name of a turn, as its session uses it."""

    id: AutoField[int] = AutoField()
    session = ForeignKeyField(SessionRow, column_name="session_row", index=False, on_delete="CASCADE")
    name = TextField()
    turn = ForeignKeyField(TurnRow, column_name="turn_row", index=True, on_delete="CASCADE")

    class Meta:
        table_name = "turn_names"
        indexes = ((("session", "name"), True),)


class ItemRow(Model):
    """One completed item. `body` is redacted canonical JSON, `content_hash` is taken over it."""

    id: AutoField[int] = AutoField()
    turn = ForeignKeyField(TurnRow, column_name="turn_row", backref="items", index=False)
    item_id = TextField()
    ordinal = IntegerField()
    """Position in its turn, from 1 (`order.py`)."""
    kind = TextField()
    status = TextField(null=True)
    started_at_ms = BigIntegerField(null=True)
    completed_at_ms = BigIntegerField(null=True)
    revision = IntegerField()
    """How often `source` told other content than before, from 1. Earlier revisions are in `item_sources`."""
    content_hash = TextField()
    text = TextField()
    body = TextField()
    source = TextField()
    """Whose content this is (`precedence.py`)."""
    agent_id = TextField(null=True)
    """The sub-agent that did it."""

    class Meta:
        table_name = "items"
        indexes = ((("turn", "item_id"), True),)


class ItemSourceRow(Model):
    """Which source saw which content of an item, and when for the first time. What the item says now stands in its row;
    what it said before stands here. The history of hashes tells an old revision from a new one."""

    id: AutoField[int] = AutoField()
    item = ForeignKeyField(ItemRow, column_name="item_row", backref="sources", index=False)
    source = TextField()
    content_hash = TextField()
    """Empty when the content was not looked at, since a source that comes before had told the item."""
    revision = IntegerField()
    """Number of this content within its source; 0 when it was not looked at."""
    run_id = TextField()
    generation = IntegerField()
    seen_at_ms = BigIntegerField()
    kind = TextField(null=True)
    status = TextField(null=True)
    started_at_ms = BigIntegerField(null=True)
    completed_at_ms = BigIntegerField(null=True)
    text = TextField(null=True)
    body = TextField(null=True)
    """Set once the item says something else."""

    class Meta:
        table_name = "item_sources"
        indexes = ((("item", "source", "content_hash"), True),)


class UsageRow(Model):
    """Tokens of one turn as upstream counts them."""

    id: AutoField[int] = AutoField()
    turn = ForeignKeyField(TurnRow, column_name="turn_row", backref="usage", unique=True)
    source = TextField()
    input = BigIntegerField(null=True)
    cached = BigIntegerField(null=True)
    output = BigIntegerField(null=True)
    reasoning = BigIntegerField(null=True)
    total = BigIntegerField(null=True)
    other = TextField(null=True)
    """Counts with names that are not ours, as JSON."""

    class Meta:
        table_name = "usage"


class ResponseRow(Model):
    """Tokens and cost of one model response, whoever told it."""

    id: AutoField[int] = AutoField()
    session = ForeignKeyField(SessionRow, column_name="session_row", index=False)
    turn = ForeignKeyField(TurnRow, column_name="turn_row", null=True, index=True)
    """None while nobody has said which turn asked for it."""
    response_id = TextField()
    model = TextField(null=True)
    at_ms = BigIntegerField(null=True)
    input = BigIntegerField(null=True)
    cached = BigIntegerField(null=True)
    cache_written = BigIntegerField(null=True)
    output = BigIntegerField(null=True)
    reasoning = BigIntegerField(null=True)
    total = BigIntegerField(null=True)
    cost_usd_micros = BigIntegerField(null=True)
    in_file = BooleanField()
    """A rollout or transcript tells it."""
    in_telemetry = BooleanField()

    class Meta:
        table_name = "response_usage"
        indexes = ((("session", "response_id"), False),)


class EventRow(Model):
    """One telemetry record of a session: its timing, tokens and decisions. `body` is redacted canonical JSON."""

    id: AutoField[int] = AutoField()
    session = ForeignKeyField(SessionRow, column_name="session_row", index=False)
    key = TextField()
    turn_id = TextField(null=True)
    """As told; telemetry that names no turn is joined by its trace."""
    name = TextField()
    at_ms = BigIntegerField()
    sequence = BigIntegerField(null=True)
    trace_id = TextField(null=True)
    call_id = TextField(null=True)
    body = TextField()

    class Meta:
        table_name = "events"
        indexes = ((("session", "key"), True),)


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
    """The message whose handling sent this one; empty where a history begins."""
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


TABLES: tuple[type[Model], ...] = (
    MetaRow,
    SessionRow,
    TurnRow,
    TurnSessionRow,
    TurnNameRow,
    ItemRow,
    ItemSourceRow,
    UsageRow,
    ResponseRow,
    EventRow,
    FileRow,
    StagedRow,
    OffsetRow,
    PullRow,
    LedgerEntryRow,
    DecisionRow,
    AuditRow,
    TransitionRow,
    LinkEvidenceRow,
    LinkStateRow,
    LinkPlaceRow,
    LinkRow,
    PurgedSessionRow,
    PurgedTurnRow,
    TraceRow,
)
"""In creation order. Approvals join by migration with their first writer."""
