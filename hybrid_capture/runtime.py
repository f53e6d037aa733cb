"""The embedded runtime: start it, ask it, listen to it, stop it, from any host and any thread.

The host process stays light: no Thespian, no fork, no signal handler, nothing printed, two threads per runtime. The
tree lives in a root process that is started fresh; when that breaks, a new one is started on the same sockets
(`root_keeper.py`).

    with CaptureRuntime(Settings(state_dir=path)) as rt:
        rt.wait_for("HYBRID_ACTIVE", timeout_s=30)
        print(rt.status()["mode"])
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from hybrid_capture.client import Unanswered
from hybrid_capture.doorway import Doorway, TokenUnusable, open_doorway, otlp_token
from hybrid_capture.gateway_process import end_gateway
from hybrid_capture.panel_address import panel_address
from hybrid_capture.panel_tokens import write_token
from hybrid_capture.root_keeper import START_DEADLINE_S as START_DEADLINE_S
from hybrid_capture.root_keeper import Handed, RootKeeper
from hybrid_capture.root_process import NotStarted as NotStarted  # what `start` raises
from hybrid_capture.settings import Settings
from hybrid_capture.statefolder import StateFolder
from hybrid_capture.subscription import Event as Event  # what `subscribe` gives
from hybrid_capture.subscription import Subscription as Subscription
from hybrid_capture.subscription import Subscriptions
from messages.facade import Command
from messages.renderer_words import ClientRole
from messages.status import CaptureMode
from storage.aside import begin_anew
from storage.database import open_writer
from storage.errors import StoreCorrupt

STOP_DEADLINE_S = 20.0


class CaptureRuntime:
    """One capture runtime on one state folder. Several may live in one process, each on a folder of its own."""

    def __init__(self, settings: Settings, kind: Literal["run", "embedded"] = "embedded") -> None:
        self._settings = settings
        self._kind = kind
        self._folder = StateFolder(settings.state_dir)
        self._doorway = Doorway(None, 0)
        self._otlp_token = ""
        self._panel_token = ""
        self._run_id = f"{time.time_ns() // 1_000_000:x}-{secrets.token_hex(3)}"
        self._subscriptions = Subscriptions()
        self._keeper = RootKeeper(settings, self._subscriptions)

    # Life.

    def start(self, timeout_s: float = START_DEADLINE_S) -> CaptureRuntime:
        """Start and wait until the tree answers; the sidecar may take a moment more.

        Errors: NotStarted, FolderTaken, FolderUnusable, and the store's own (wrong schema, not writable, corrupt).
        """
        assert self._keeper.fresh, "a runtime starts once"
        self._folder.take()
        try:
            # Whatever is wrong with the store is told here and now, where somebody can act on it. What is damaged makes
            # way for a fresh store, which has the incident in its audit.
            try:
                open_writer(self._settings.store).close()
            except StoreCorrupt as damage:
                begin_anew(self._settings.store, damage, self._run_id, time.time_ns() // 1_000_000)
            _, token = self._folder.listen(self._run_id, self._kind)
            self._open_doorway()
            tokens = token, self._otlp_token, self._panel_token
            self._keeper.begin(Handed(self._run_id, self._folder, self._doorway, *tokens), timeout_s)
        except BaseException:
            self._keeper.abandon()
            self._close_doorway()
            self._folder.release()
            self._keeper.ended()
            raise
        return self

    def _open_doorway(self) -> None:
        """The gateway's socket. Without it capture goes on, and says why it has no receiver."""
        if not self._settings.otlp:
            return
        try:
            self._otlp_token = otlp_token(self._folder.path)
            self._doorway = open_doorway(self._folder.path, self._settings.otlp_port)
            self._panel_token = write_token(self._folder.path, self._doorway.address)
        except TokenUnusable as error:
            self._doorway = Doorway(None, 0, str(error))

    def _close_doorway(self) -> None:
        """Nobody listens any more, and no gateway of ours is left: one whose root was killed has nobody else."""
        self._doorway.close()
        if self._keeper.gateway is not None:
            end_gateway(*self._keeper.gateway)

    def stop(self, reason: str = "the host stops", timeout_s: float = STOP_DEADLINE_S) -> None:
        """Let everybody leave in order, account for what is staged, and end; safe to call twice."""
        if self._keeper.over:
            return
        self._keeper.stop(reason, timeout_s)
        self._close_doorway()
        self._folder.release()
        self._keeper.ended()
        self._subscriptions.publish(None)

    def __enter__(self) -> CaptureRuntime:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # Asking.

    @property
    def state_dir(self) -> Path:
        return self._folder.path

    @property
    def pids(self) -> dict[str, int]:
        """Process ids of the root, the supervisor and the actors as they were when the tree was ready, and of the
        spare root, if there is one by now."""
        return self._keeper.pids

    @property
    def given_up(self) -> str:
        """Why no further root is started; empty while the runtime goes on. A status event goes with it."""
        return self._keeper.given_up

    @property
    def addresses(self) -> dict[str, str]:
        """Where the tools export to (`otlp`) and where the panel is (`panel`); empty when the port could not be opened,
        and `fault` says why."""
        address = self._doorway.address
        return {"otlp": address, "panel": f"{address}/" if address else "", "fault": self._doorway.fault}

    def panel_address(self, role: ClientRole = "operator", timeout_s: float = 5.0) -> str:
        """The panel's address for one browser, good once and for ten minutes. Errors: NoPanel."""
        return panel_address(self.addresses["otlp"], self._panel_token, role, timeout_s)

    def command(self, command: Command | dict[str, Any], timeout_s: float = 10.0) -> dict[str, Any]:
        """Say a renderer command; gives its answer at once: `accepted`, `refused`, or data. Errors: Unanswered."""
        return self._keeper.reachable().ask(command, timeout_s)

    def do(self, command: Command | dict[str, Any], timeout_s: float = 30.0) -> dict[str, Any]:
        """Say a command and wait for its effect; gives the refusal or the effect. Errors: Unanswered."""
        return self._keeper.reachable().do(command, timeout_s)

    def status(self, timeout_s: float = 10.0) -> dict[str, Any]:
        """How everything stands. While the tree is being started anew this says so: `FAILURE`, with the reason."""
        try:
            answer = self.command({"command": "getStatus"}, timeout_s)
        except Unanswered as error:
            return self._keeper.without_tree(str(error))
        if answer["answer"] != "status":
            return self._keeper.without_tree(answer["text"])
        status: dict[str, Any] = answer["status"]
        return status

    def wait_for(self, mode: CaptureMode, timeout_s: float = 30.0) -> dict[str, Any]:
        """Wait for a mode; gives the status that has it. Errors: TimeoutError, which names the mode that holds."""
        return self.wait_until(lambda status: status["mode"] == mode, f"mode {mode}", timeout_s)

    def wait_until(
        self, wanted: Callable[[dict[str, Any]], bool], what: str, timeout_s: float = 30.0
    ) -> dict[str, Any]:
        """Wait until a status fits, by events and not by polling. Errors: TimeoutError."""
        end = time.monotonic() + timeout_s
        last: dict[str, Any] = {}
        with self.subscribe() as events:
            while (left := end - time.monotonic()) > 0:
                event = events.next(left)
                if event is not None and event.get("event") == "status":
                    last = event["status"]
                    if wanted(last):
                        return last
        said = f"{last.get('mode')}: {last.get('mode_reason')}" if last else "no status came"
        raise TimeoutError(f"{what} was not reached within {timeout_s:g} s ({said})")

    def subscribe(
        self,
        callback: Callable[[Event], None] | None = None,
        live: bool = False,
        at_end: Callable[[], None] | None = None,
    ) -> Subscription:
        """Events from now on, beginning with the status: iterate over them, or have `callback` called with each, and
        `at_end` when the runtime has stopped."""
        subscription = self._subscriptions.add(callback, live, at_end)
        self._keeper.listen()
        return subscription
