"""Starting an actor system on a sealed transport. `start_system` is what the rest of the product uses."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

from thespian.actors import ActorSystem
from thespian.system.messages.admin import SystemShutdown
from thespian.system.multiprocCommon import multiprocessCommon

from actors.transport import private_folder
from actors.transport.allowlist import class_names
from actors.transport.endpoint import Endpoint, Settings, new_address
from actors.transport.loop import SealedTransport

StartMethod = Literal["fork", "spawn"]
TransportName = Literal["datagram", "tcp"]

START_METHOD: StartMethod = "fork" if sys.platform == "linux" else "spawn"
"""Fork is cheap and safe where the starting process has one thread; on other systems it is not."""
TRANSPORT: TransportName = "datagram" if sys.platform == "linux" else "tcp"
LEAVING_S_MAX = 1.0
"""After a stop, longest wait for the last processes to give up their sockets."""


class SealedSystemBase(multiprocessCommon):  # type: ignore[misc]  # thespian is untyped
    """Thespian's multiprocess base on one of our transports: `ActorSystem(systemBase=<this>, transientUnique=True)`.

    The key is in `settings` only, never in the capabilities: those are sent about and logged.
    """

    def __init__(
        self,
        settings: Settings,
        transport: type[SealedTransport],
        start_method: StartMethod = START_METHOD,
        log_defs: dict[str, Any] | None = None,
    ) -> None:
        self._settings = settings
        self._transport_class = transport
        # Thespian calls this to make the host's endpoint; children get the class itself and an Endpoint.
        self.transportType = lambda *_: transport(Endpoint(settings, new_address(), child=False))
        capabilities = {
            "Thespian ActorSystem Name": "sealed-" + transport.__name__,
            "Thespian ActorSystem Version": 1,
            "Thespian Watch Supported": sys.platform != "win32",
            "Process Startup Method": start_method,
        }
        try:
            super().__init__(
                SimpleNamespace(capabilities=capabilities), log_defs or private_folder.log_definitions(settings.folder)
            )
        except BaseException:  # a signal, too, must leave no admin behind
            if hasattr(self, "transport"):
                # An admin that came up too late would stay for ever; this reaches it when its socket is there by now.
                with suppress(Exception):
                    self._tx_to_admin(SystemShutdown())
                self.transport.close()
            raise

    def shutdown(self) -> None:
        """Stop every actor (at most 10 s, see Thespian), close the host's endpoint, remove what files are left."""
        try:
            super().shutdown()
        finally:
            self.transport.close()
            self._sweep_until_empty()

    def _sweep_until_empty(self) -> None:
        # The logger may still be on its way out, and its admin may kill it there.
        deadline_s = time.monotonic() + LEAVING_S_MAX
        while sweep(self._settings.folder) and time.monotonic() < deadline_s:
            time.sleep(0.005)


def start_system(
    folder: Path,
    *,
    allow: Iterable[type] = (),
    start_method: StartMethod = START_METHOD,
    transport: TransportName = TRANSPORT,
    log_defs: dict[str, Any] | None = None,
) -> Any:
    """A running ActorSystem whose processes speak only sealed frames, with its files in `folder` (made 0700, its own).

    `allow`: the classes that may cross beside plain data and Thespian's own; module-level, importable in a child.
    `log_defs`: logging set-up of the actors (dictConfig); without one, warnings go to a file in `folder`.
    Start it from a process with one thread when `start_method` is fork. Stop it with `.shutdown()`.

    Errors: FolderNotPrivateError; thespian.actors.InvalidActorAddress when the system did not come up within 5 s.
    """
    path = private_folder.prepare(folder)
    private_folder.keep_thespian_log_in(path)
    sweep(path)
    settings = Settings(path, class_names(allow))
    base = SealedSystemBase(settings, transport_class(transport), start_method, log_defs)
    return ActorSystem(systemBase=base, transientUnique=True)


def transport_class(name: TransportName) -> type[SealedTransport]:
    """The transport of that name; imported only when asked for, since one of them is for Linux only."""
    if name == "datagram":
        from actors.transport.datagram import DatagramTransport

        return DatagramTransport
    from actors.transport.tcp import TcpTransport

    return TcpTransport


def sweep(folder: str) -> int:
    """Remove socket files of dead processes from `folder`; how many of living ones are left."""
    from actors.transport import port_file, tcp

    left = private_folder.sweep(folder, tcp.TcpTransport.file_suffix, port_file.answers)
    if sys.platform == "linux":
        from actors.transport import datagram

        left += private_folder.sweep(folder, datagram.DatagramTransport.file_suffix, datagram.answers)
    return left
