"""All tables in the order of their creation: the one description of the schema.

`migrations.py` holds how a file gets there; a test holds that both agree.
"""

from __future__ import annotations

from peewee import Model

from storage.account_models import (
    AuditRow,
    DecisionRow,
    FileRow,
    LedgerEntryRow,
    MetaRow,
    OffsetRow,
    PullRow,
    PurgedSessionRow,
    PurgedTurnRow,
    StagedRow,
    TraceRow,
    TransitionRow,
)
from storage.link_models import LinkEvidenceRow, LinkPlaceRow, LinkRow, LinkStateRow
from storage.models import (
    EventRow,
    ItemRow,
    ItemSourceRow,
    ResponseRow,
    SessionRow,
    TurnNameRow,
    TurnRow,
    TurnSessionRow,
    UsageRow,
)

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
