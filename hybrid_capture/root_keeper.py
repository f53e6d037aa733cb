"""The root process of a runtime, kept: started, watched, and followed by another on the same sockets when it ends.

One that hangs is killed, and its end is handled like any other. After too many ends within a minute there is no next
one (`given_up`). What one root is, seen from its host, is in `root_process.py`.
"""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from actors.machines.restarts import CrashLoop, RestartWindow, after_exit
from hybrid_capture.client import RendererClient, Unanswered, new_id
from hybrid_capture.doorway import Doorway
from hybrid_capture.pulse import Pulse
from hybrid_capture.root_process import NotStarted, RootProcess, root_log
from hybrid_capture.settings import Settings, tree_settings
from hybrid_capture.statefolder import StateFolder
from hybrid_capture.subscription import Subscriptions
from hybrid_capture.watching import watch_settings
from messages.settings import WatchSettings

START_DEADLINE_S = 20.0


@dataclass(frozen=True, slots=True)
class Handed:
    """What the host has and every root of a run is handed: its sockets, and the tokens that are to be said there."""

    run_id: str
    folder: StateFolder
    doorway: Doorway
    token: str = field(repr=False)
    otlp_token: str = field(repr=False)
    panel_token: str = field(repr=False)


class RootKeeper:
    """One root at a time, from `begin` to `stop`."""

    def __init__(self, settings: Settings, subscriptions: Subscriptions) -> None:
        self._settings = settings
        self._subscriptions = subscriptions
        self._lock = threading.Condition()
        self._handed: Handed | None = None
        self._watch: WatchSettings | None = None
        self.gateway: tuple[int, float] | None = None
        """Pid and creation time of the gateway that the root started last."""
        self._client: RendererClient | None = None
        self._root: RootProcess | None = None
        self._spare: RootProcess | None = None
        """Loaded and waiting, to take over when the root ends."""
        self._again: threading.Timer | None = None
        """Starts the next root after its backoff."""
        self._begun_s = 0.0
        self._roots = 0
        self._window = RestartWindow()
        self._state: Literal["new", "starting", "ready", "down", "stopping", "stopped"] = "new"
        self._failure = ""
        self._pids: dict[str, int] = {}
        timing = settings.timing
        self._pulse = Pulse(timing.ping_interval_ms / 1000, timing.ping_deadline_ms / 1000)
        self._ending = threading.Event()
        self._watcher = threading.Thread(target=self._watch_root, name="hybrid-capture-watch", daemon=True)
        self.given_up = ""
        """Why no further root is started; empty while it goes on. A status event goes with it."""

    # Life.

    @property
    def fresh(self) -> bool:
        """Nothing was started yet."""
        return self._state == "new"

    @property
    def over(self) -> bool:
        """There is nothing to stop: not begun yet, or ended."""
        with self._lock:
            return self._state in ("new", "stopped")

    def begin(self, handed: Handed, timeout_s: float) -> None:
        """Start the first root and wait until its tree answers. Errors: NotStarted."""
        self._handed = handed
        self._state = "starting"
        self._start_root(handed)
        with self._lock:
            self._lock.wait_for(lambda: self._state != "starting", timeout_s)
            state: str = self._state
            failure = self._failure
        if state in ("starting", "down"):
            why = failure or "the tree did not start in time"
            raise NotStarted(f"{why}: see {root_log(handed.folder.path)}")
        self._watcher.start()

    def stop(self, reason: str, timeout_s: float) -> None:
        """Let the root's tree leave in order, by force after `timeout_s`, and end it and the spare."""
        self._start_no_more()
        client = self._client
        self._ending.set()
        if client is not None:
            with contextlib.suppress(Unanswered):
                client.say_link("stop", reason=reason)
        if self._root is not None:
            self._root.wait(timeout_s)
        self._end_root()
        self._watcher.join()
        if self._spare is not None:
            self._spare.end()

    def abandon(self) -> None:
        """After a `begin` that failed, or never came to be: nothing is left, and nothing starts later."""
        self._start_no_more()
        self._end_root()

    def ended(self) -> None:
        """What was handed down is closed, too."""
        with self._lock:
            self._state = "stopped"
            self._lock.notify_all()

    # What is asked of it.

    @property
    def pids(self) -> dict[str, int]:
        """Of the root, the supervisor and the actors as they were when the tree was ready, and of a spare root."""
        spare = self._spare
        return dict(self._pids) if spare is None else {**self._pids, "spare": spare.pid}

    def reachable(self) -> RendererClient:
        """The link to the tree. Errors: Unanswered while there is none."""
        with self._lock:
            if self._client is None or self._state != "ready":
                raise Unanswered(self._failure or f"the runtime is {self._state}")
            return self._client

    def without_tree(self, why: str) -> dict[str, Any]:
        """The status while nobody else can tell one."""
        return {"mode": "FAILURE", "mode_reason": f"the capture tree is down: {self._failure or why}"}

    def listen(self) -> None:
        """Have the tree tell what is subscribed to; one that is not there yet is asked when it is."""
        with self._lock:
            client = self._client if self._state == "ready" else None
        if client is not None:
            self._subscribe(client)

    def _subscribe(self, client: RendererClient) -> None:
        with contextlib.suppress(Unanswered):
            client.ask({"command": "subscribe", "live": self._subscriptions.live, "commandId": new_id()})

    # The root process.

    def _start_root(self, handed: Handed) -> None:
        self._roots += 1
        with self._lock:
            root, self._spare = self._spare, None
        if root is None or not root.lives():
            root = self._new_root(handed)
        self._root, self._begun_s = root, time.monotonic()
        run_id = f"{handed.run_id}.{self._roots}"
        if self._watch is None:
            self._watch = watch_settings(self._settings, time.time_ns() // 1_000_000)
        settings = tree_settings(self._settings, run_id, handed.doorway.address, self._watch)
        client = RendererClient(root.link, None, self._subscriptions.publish)
        client.on_link(lambda message: self._link(client, message))
        with self._lock:
            self._client = client
        client.start()
        with contextlib.suppress(Unanswered):  # it has ended already, and `_root_gone` hears of it
            client.say_link(
                "start",
                settings=settings.model_dump_json(),
                folder=str(handed.folder.sockets() / f"tree{self._roots}"),
                token=handed.token,
                otlp_token=handed.otlp_token,
                panel_token=handed.panel_token,
                no_gateway=handed.doorway.fault,
                leaving=self.gateway,
            )

    def _new_root(self, handed: Handed) -> RootProcess:
        assert handed.folder.listener is not None
        door = handed.doorway.listener
        http = None if door is None else door.fileno()
        return RootProcess(self._settings.python, handed.folder.path, handed.folder.listener.fileno(), http)

    def _link(self, client: RendererClient, message: dict[str, Any]) -> None:
        """What the root says to its host; on the client's reading thread."""
        if client is not self._client:
            return
        if message["op"] == "ready":
            with self._lock:
                self._pids = message["pids"]
                if self._state != "stopping":
                    self._state, self._failure = "ready", ""
                self._lock.notify_all()
            if self._subscriptions.listening:
                threading.Thread(target=self._subscribe, args=(client,), daemon=True).start()
        elif message["op"] == "gateway":
            self.gateway = (message["pid"], message["created"])
        elif message["op"] == "pong":
            self._pulse.heard()
        elif message["op"] == "failed":
            self._failure = message["text"]
        elif message["op"] == "gone":
            self._root_gone()

    def _watch_root(self) -> None:
        """A root that hangs is as bad as a dead one: it gets SIGKILL, and its end is handled like any other."""
        while not self._ending.wait(self._settings.timing.ping_interval_ms / 1000):
            with self._lock:
                ready, client, root = self._state == "ready", self._client, self._root
            now_s = time.monotonic()
            if not ready or client is None or root is None:
                self._pulse.heard()
                if root is not None and root.lives() and now_s - self._begun_s > START_DEADLINE_S:
                    self._failure = f"the root process did not start within {START_DEADLINE_S:g} s"
                    root.kill()
                continue
            self._keep_a_spare()
            if self._pulse.due(now_s):
                with contextlib.suppress(Unanswered):
                    client.say_link("ping")
            late_s = self._pulse.late_s(now_s)
            if late_s is not None:
                self._failure = f"the root process hangs: no sign of life for {late_s * 1000:.0f} ms"
                self._pulse.heard()
                root.kill()

    def _keep_a_spare(self) -> None:
        """Not at once: while the tree starts it needs the processor itself."""
        assert self._handed is not None
        if self._spare is None or not self._spare.lives():
            try:
                spare = self._new_root(self._handed)
            except OSError:
                return  # the next tick tries again; without a spare a new root only takes longer
            with self._lock:
                self._spare = spare

    def _root_gone(self) -> None:
        """The root ended: start another, unless it ends too often. The first start has the same tries."""
        with self._lock:
            if self._state in ("stopping", "stopped"):
                return
            starting = self._state == "starting"
            self._failure = self._failure or "the root process ended"
            if not starting:
                self._state = "down"
        if not starting:
            self._subscriptions.publish({"event": "status", "status": self.without_tree(self._failure)})
        if self._root is not None:
            self._root.wait()
        if self._client is not None:
            self._client.close()  # its socket would stay open beside that of the next root
        self._window, decision = after_exit(self._window, time.monotonic_ns() // 1_000_000, self._settings.timing, 0)
        if isinstance(decision, CrashLoop):
            times = decision.restarts + 1
            with self._lock:
                self._failure = f"the tree broke {times} times within a minute and was given up: {self._failure}"
                self.given_up = self._failure
                self._state = "down"
                self._lock.notify_all()
            self._subscriptions.publish({"event": "status", "status": self.without_tree(self._failure)})
            return
        again = threading.Timer(decision.after_ms / 1000, self._start_again)
        again.start()  # before anybody may join it
        self._again = again

    def _start_again(self) -> None:
        with self._lock:
            if self._state not in ("down", "starting"):
                return
        assert self._handed is not None
        self._start_root(self._handed)

    def _start_no_more(self) -> None:
        """From here on no root is started; one that was just about to be is there now, to be ended with the others."""
        with self._lock:
            self._state = "stopping"
        if self._again is not None:
            self._again.cancel()
            self._again.join()

    def _end_root(self) -> None:
        """Whatever state it is in: hang up, which ends it and all below, and see that it is gone."""
        client, root = self._client, self._root
        if client is not None:
            client.close()
        if root is not None:
            root.end()
