"""The way out: from Thespian's transmit intents to the outbox and to the kernel.

From Thespian 4.0.1's `asyncTransportBase` only the preparing of a send is kept. The queue behind it is replaced by
`outbox.py`: Thespian's is bounded by count and not by bytes, blocks the sender at its bound, and passes its flags from
thread to thread without holding them.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from typing import Any, Final

from thespian.actors import ActorAddress
from thespian.system.transport import ReceiveEnvelope, SendStatus, Thespian__UpdateWork, TransmitIntent
from thespian.system.transport.asyncTransportBase import asyncTransportBase

from actors.transport import rejects
from actors.transport.allowlist import AllowList
from actors.transport.endpoint import Endpoint, SealedAddress
from actors.transport.outbox import Outbox, Outgoing
from actors.transport.polling import Waker
from actors.transport.seal import EPOCH_BYTES, TOKEN_BYTES, Reason, Sealer

_TO_MYSELF: Final = b"\0"
"""Stands for a message to oneself, which is handed over and not pickled."""


class SendingTransport(asyncTransportBase):  # type: ignore[misc]  # thespian is untyped
    """The half of a transport that sends. Sends may come from any thread.

    A send that fails because its receiver is dead ends as DeadTarget (Thespian makes a dead letter of it); one over the
    bounds of `outbox.py`, or never taken, ends as Failed and is counted.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__()
        self._settings = endpoint.settings
        self._token = endpoint.token or os.urandom(TOKEN_BYTES)
        self.myAddress = ActorAddress(SealedAddress(self._token))
        self._lock = threading.RLock()
        self._closed = False
        self._runner: int | None = None
        self._waker = Waker()
        self._inbox: deque[Any] = deque()
        self._done: deque[tuple[Any, Any]] = deque()
        self._outbox = Outbox()
        self._allowed = AllowList(endpoint.settings.allowed)
        self._sealer = Sealer(endpoint.settings.key, self._token, os.urandom(EPOCH_BYTES), time.monotonic_ns)

    def serializer(self, intent: TransmitIntent) -> bytes:
        """The message as bytes. A message to oneself is not pickled: the notice that a child died before it ever had an
        address could not be, and Thespian would lose it."""
        if self._is_to_myself(intent) or isinstance(intent.message, Thespian__UpdateWork):
            return _TO_MYSELF
        return self._allowed.dumps(intent.message)

    def _schedulePreparedIntent(self, intent: TransmitIntent, has_exclusive_flag: bool = False) -> None:
        if isinstance(intent.message, Thespian__UpdateWork):
            self._waker.wake()
            intent.tx_done(SendStatus.Sent)
            return
        if self._is_to_myself(intent):
            self._inbox.append(ReceiveEnvelope(self.myAddress, intent.message))
            if self._runner != threading.get_ident():
                self._waker.wake()
            intent.tx_done(SendStatus.Sent)
            return
        with self._lock:
            status = self._transmit(intent)
        if status is None:
            if self._runner != threading.get_ident():
                self._waker.wake()
            return
        intent.serMsg = None
        if status is SendStatus.Sent or self._runner == threading.get_ident():
            intent.tx_done(status)
        else:
            # A failure makes Thespian call abort_run, which only counts inside a run: told there, or an `ask` to a dead
            # actor would wait for its whole timeout.
            self._done.append((intent, status))
            self._waker.wake()

    def _is_to_myself(self, intent: TransmitIntent) -> bool:
        return bool(intent.targetAddr.addressDetails.token == self._token)

    def _transmit(self, intent: TransmitIntent) -> Any:
        if self._closed:
            return SendStatus.Failed
        token = intent.targetAddr.addressDetails.token
        item = Outgoing(intent, intent.serMsg, self._sealer.next_message())
        if self._outbox.head(token) is None:
            status = self._offer(token, item)
            if status is not None:
                self._idle(token)
                return status
        if self._outbox.add(token, item):
            return None
        rejects.PROCESS.add(Reason.SEND_OVERFLOW)
        if self._outbox.head(token) is None:
            self._idle(token)
        return SendStatus.Failed

    def _advance(self, token: bytes) -> None:
        """Offer what waits for `token` until it is blocked again. Lock held."""
        while (item := self._outbox.head(token)) is not None:
            status = self._offer(token, item)
            if status is None:
                return
            self._finish(token, status)
        self._idle(token)

    def _finish(self, token: bytes, status: Any) -> None:
        """The head for `token` is done. Lock held."""
        item = self._outbox.pop(token)
        item.intent.serMsg = None
        self._done.append((item.intent, status))

    def _expire_sends(self) -> None:
        for token in self._outbox.targets():
            expired = False
            while (item := self._outbox.head(token)) is not None and item.intent.expired():
                rejects.PROCESS.add(Reason.SEND_EXPIRED)
                self._finish(token, SendStatus.Failed)
                expired = True
            if expired:
                self._idle(token)
                self._advance(token)

    def _settle(self) -> None:
        """Tell the senders of finished messages. Their callbacks may send again, so no lock is held."""
        while self._done:
            intent, status = self._done.popleft()
            intent.tx_done(status)

    # -- what the sockets add; with the lock held ---------------------------------------------------------------------

    def _offer(self, token: bytes, item: Outgoing) -> Any:
        """Send as much of `item` as goes: a SendStatus when it is done, None when it must wait. Whoever answers None
        has seen to it that `_advance` or `_finish` follows."""
        raise NotImplementedError

    def _idle(self, token: bytes) -> None:
        """Nothing more waits for `token`, or what waited was given up."""
        raise NotImplementedError
