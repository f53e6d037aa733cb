"""What was captured, as peewee models: sessions, turns, items, usage, events.

Canonical tables (sessions, turns, items, usage) carry no time of writing: the same input leaves them byte for byte the
same, whenever and however often it comes. Times are ms since the epoch. `account_models.py` accounts for it,
`link_models.py` links it to commits; `schema.py` has them all. Read `store.py` next.
"""

from __future__ import annotations

from peewee import SQL, AutoField, BigIntegerField, BooleanField, ForeignKeyField, IntegerField, Model, TextField


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
