"""What passes between the tree and the gateway, and that there is one: bodies and renderers in, answers and events out.

The root's loop owns it. When and whether a gateway that ended is followed by another is decided in
`gateway_process.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from pydantic import ValidationError

from actors.system import Tree
from hybrid_capture.frames import Said
from hybrid_capture.gateway_process import GatewayProcess, end_gateway
from messages.facade import ClientGone, ClientSaid, ToClient
from messages.otlp import OtlpAnswered, OtlpGivenUp, OtlpPart, OtlpTaken, SourceProbed
from messages.records import AuditNote, KeepAudit
from messages.status import Party

NO_GATEWAY_S = 1.0
"""How often the supervisor is told that there is no gateway."""


class Relay:
    """One gateway after another; without one it does nothing, but tell why if one is wanted."""

    def __init__(
        self,
        tree: Tree,
        gateway: GatewayProcess | None,
        started: Callable[[int, float], None],
        no_gateway: str = "",
        leaving: tuple[int, float] | None = None,
        leaving_until_s: float = 0.0,
    ) -> None:
        """`gateway` runs already. `started` is told pid and creation time of it and of each that follows."""
        self._tree = tree
        self._gateway = gateway
        self._started = started
        self._no_gateway = no_gateway
        """Why there is no gateway though one is wanted."""
        self._told_s = 0.0
        """When the supervisor was last told that there is none."""
        self._leaving = leaving
        """The gateway of the last root, which still hands over."""
        self._leaving_until_s = leaving_until_s
        self._ready = False
        if gateway is not None:
            self._meet(gateway)

    @property
    def busy(self) -> bool:
        """Something waits to be sent: come back soon."""
        return self._gateway is not None and self._gateway.busy

    # That there is a gateway.

    def look_after(self, now_s: float) -> None:
        """See that there is one, and that the one of the last root ends."""
        self._keep_one(now_s)
        if self._leaving is not None and now_s >= self._leaving_until_s:
            end_gateway(*self._leaving)
            self._leaving = None

    def _keep_one(self, now_s: float) -> None:
        gateway = self._gateway
        if gateway is not None:
            gateway.look_after(now_s)
            if gateway.due(now_s):
                try:
                    gateway.start()
                except OSError:  # no descriptor or no process to be had: that counts like one that ended
                    gateway.gone(time.monotonic_ns() // 1_000_000)
                else:
                    self._meet(gateway)
        fault = self._no_gateway or (gateway.trouble if gateway is not None else "")
        if fault and self._ready and now_s - self._told_s >= NO_GATEWAY_S:
            self._told_s = now_s
            self._tree.tell("supervisor", SourceProbed(source="otlp", healthy=False, reason=fault))

    def _meet(self, gateway: GatewayProcess) -> None:
        """A gateway was started."""
        if gateway.descriptor is not None:
            self._tree.watch(gateway.descriptor)
        self._started(*gateway.identity)
        if self._ready:
            gateway.tell("facade")

    # What the gateway says.

    def readable(self, descriptor: int) -> bool:
        """Pass on what stands in its link; false when this is no descriptor of it."""
        gateway = self._gateway
        if gateway is None or descriptor != gateway.descriptor:
            return False
        said = gateway.read()
        if said is None:
            self._gone(gateway, descriptor)
            return True
        for each in said:
            # The gateway hears strangers, so what it says is checked here like anything else: a word that does not fit
            # ends it, not the root.
            try:
                self._pass_on(gateway, each)
            except (ValidationError, TypeError):
                gateway.kill()
        return True

    def _gone(self, gateway: GatewayProcess, descriptor: int) -> None:
        self._tree.unwatch(descriptor)
        for client in gateway.clients:
            self._tree.tell("facade", ClientGone(client_id=client))
        gateway.gone(time.monotonic_ns() // 1_000_000)
        self._told_s = 0.0
        self._keep_one(time.monotonic())

    def _pass_on(self, gateway: GatewayProcess, said: Said) -> None:
        """A body's part goes on to the baseline, a probe's result to the supervisor, a renderer's word to the facade.

        Errors: ValidationError, TypeError for what does not fit.
        """
        if said.op == "part":
            self._tree.tell("baseline", OtlpPart(gateway=gateway.number, body=said.blob, **said.fields))
        elif said.op == "givenUp":
            self._tree.tell("baseline", OtlpGivenUp(gateway=gateway.number, **said.fields))
        elif said.op == "probed":
            self._tree.tell("supervisor", SourceProbed(source="otlp", **said.fields))
        elif said.op in ("said", "left", "refused"):
            self._from_renderer(gateway, said)

    def _from_renderer(self, gateway: GatewayProcess, said: Said) -> None:
        """A renderer at the gateway's socket. Its name carries the gateway's number, so that none comes twice."""
        if said.op == "refused":
            at_ms = time.time_ns() // 1_000_000
            note = AuditNote(kind="renderer_refused", subject="gateway", text=said.fields["text"][:500], at_ms=at_ms)
            self._tree.tell("ingest", KeepAudit(n=0, notes=(note,)))
            return
        client = f"g{gateway.number}.{said.fields['client']}"
        if said.op == "left":
            gateway.clients.discard(client)
            self._tree.tell("facade", ClientGone(client_id=client))
            return
        gateway.clients.add(client)
        body = said.blob.decode(errors="replace")
        self._tree.tell("facade", ClientSaid(client_id=client, role=said.fields["role"], body=body))

    # What the tree says.

    def tree_is_ready(self) -> None:
        """Its facade hears renderers from now on."""
        self._ready = True
        if self._gateway is not None:
            self._gateway.tell("facade")

    def returned(self, party: Party) -> None:
        """A new facade knows no renderer: each subscribes again. A new baseline knows no request: all come again."""
        if self._gateway is not None and party in ("baseline", "facade"):
            self._gateway.tell("returned" if party == "baseline" else "facade")

    def answered(self, message: OtlpTaken | OtlpAnswered) -> None:
        """Of a body: to the gateway that has it in hand, unless that has ended."""
        if self._gateway is not None and message.gateway == self._gateway.number:
            op = "taken" if isinstance(message, OtlpTaken) else "answered"
            self._gateway.tell(op, **message.model_dump(exclude={"gateway"}))

    def to_clients(self, message: ToClient) -> None:
        """To those of its renderers that came through this gateway."""
        if self._gateway is not None:
            begin = f"g{self._gateway.number}."
            names = tuple(each.removeprefix(begin) for each in message.client_ids if each.startswith(begin))
            if names:
                self._gateway.tell_clients(names, message.body.encode(errors="replace"), message.droppable)

    def stop(self) -> None:
        """Nothing new is taken; what is in hand is kept while everybody leaves."""
        if self._gateway is not None:
            self._gateway.tell("stop")
