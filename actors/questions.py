"""The app-server's questions to a person: each is asked with a one-time token, and answered exactly once.

`wire/asked.py` keeps the once; this gives people their words. A token is bound to one question of one process.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from actors.machines.effects import NOTHING, Effects, Send
from actors.machines.standing import Now
from actors.wire.approvals import kind_of
from actors.wire.asked import Answered, Asked, Held
from actors.wire.diffs import diff_of
from actors.wire.frames import Id, ItemStarted, ServerRequest, ServerRequestResolved
from messages.calls import ApprovalAsked, ApprovalGiven, ApprovalSettled, CallDone
from messages.settings import Limits
from storage.redaction import redact

SUMMARY_CHARS_MAX = 2_000
DIFF_CHARS_MAX = 32 * 1024
"""Of a diff that a person is shown; `diff_cut` says that it goes on."""
DIFFS_MAX = 64
"""Open file changes that nobody was asked about; the oldest is forgotten first, and asked about without a diff."""


class Questions:
    """Open questions of one process. `token` makes a fresh unguessable word."""

    def __init__(self, limits: Limits, token: Callable[[], str]) -> None:
        self._deadline_ms = limits.approval_deadline_ms
        self._asked = Asked(limits.approvals_max)
        self._token = token
        self._diffs: OrderedDict[tuple[str, str, str], str] = OrderedDict()
        """What open file changes would do, by thread, turn and item; redacted when somebody is asked."""
        self._tokens: dict[str, Id] = {}
        self._shown: dict[Id, ApprovalAsked] = {}

    def started(self, item: ItemStarted) -> None:
        """A file change is open: it is told before the question about it, which does not say what it would do (codex
        0.169)."""
        if item.diff:
            self._diffs[item.thread_id, item.turn_id, item.item_id] = item.diff
            while len(self._diffs) > DIFFS_MAX:
                self._diffs.popitem(last=False)

    def _diff(self, request: ServerRequest) -> str:
        place = request.thread_id, request.turn_id, request.item_id
        return self._diffs.pop(place, "") or diff_of(request.params.get("fileChanges"))

    def asked(self, request: ServerRequest, generation: int, at: Now) -> tuple[bytes | None, Effects]:
        """A question came: show it, or the line that answers it at once."""
        outcome = self._asked.add(request, at.mono, self._deadline_ms)
        if isinstance(outcome, Answered):
            return outcome.line, NOTHING
        if not isinstance(outcome, Held):
            return None, NOTHING
        token = self._token()
        diff = redact(self._diff(request)).text if kind_of(request.method) == "fileChange" else ""
        shown = ApprovalAsked(
            generation=generation,
            token=token,
            kind=kind_of(request.method),
            session_id=request.thread_id,
            turn_id=request.turn_id,
            item_id=request.item_id,
            summary=redact(request.summary).text[:SUMMARY_CHARS_MAX],
            diff=diff[:DIFF_CHARS_MAX],
            diff_cut=len(diff) > DIFF_CHARS_MAX,
            expires_at_ms=at.wall + self._deadline_ms,
        )
        self._tokens[token] = request.id
        self._shown[request.id] = shown
        return None, (Send("facade", shown),)

    def given(self, decision: ApprovalGiven) -> tuple[bytes | None, Effects]:
        """A person decided: the one answer line, or why there is none."""
        number = self._tokens.get(decision.token)
        answer = None if number is None else self._asked.answer(number, decision.decision)
        if not isinstance(answer, Answered):
            text = "this request was answered already, or is over"
            return None, (Send("facade", CallDone(command_id=decision.command_id, ok=False, text=text)),)
        done = CallDone(command_id=decision.command_id, ok=True, text=decision.decision)
        return answer.line, (Send("facade", done), *self._settled(answer.request.id, answer.outcome))

    def resolved(self, frame: ServerRequestResolved) -> Effects:
        """Upstream needs no answer any more."""
        withdrawn = self._asked.withdraw(frame.request_id)
        return NOTHING if withdrawn is None else self._settled(frame.request_id, "withdrawn")

    def expired(self, now_ms: int) -> list[tuple[bytes, Effects]]:
        """Nobody answered in time: the declines to write."""
        return [(each.line, self._settled(each.request.id, each.outcome)) for each in self._asked.expire(now_ms)]

    def close(self) -> Effects:
        """The process is gone: there is nobody to answer."""
        self._diffs.clear()
        effects: Effects = NOTHING
        for each in self._asked.close_all():
            effects += self._settled(each.request.id, each.outcome)
        return effects

    def open_ones(self) -> Effects:
        """Everything that waits, for a facade that does not know it."""
        return tuple(Send("facade", shown) for shown in self._shown.values())

    def _settled(self, number: Id, outcome: str) -> Effects:
        shown = self._shown.pop(number, None)
        if shown is None:
            return NOTHING
        self._tokens.pop(shown.token, None)
        return (Send("facade", ApprovalSettled(token=shown.token, outcome=outcome)),)
