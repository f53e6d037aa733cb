"""The embedded runtime: start it, ask it, listen to it, stop it, from any host and any thread.

The host process stays light: no Thespian, no fork, no signal handler, nothing printed, two threads per runtime. The
tree lives in a root process that is started fresh; when that breaks, a new one is started on the same sockets.

    with CaptureRuntime(Settings(state_dir=path)) as rt:
        rt.wait_for("HYBRID_ACTIVE", timeout_s=30)
        print(rt.status()["mode"])
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from actors.machines.restarts import CrashLoop, RestartWindow, after_exit
from hybrid_capture.client import RendererClient, Unanswered, new_id
from hybrid_capture.doorway import Doorway, TokenUnusable, open_doorway, otlp_token
from hybrid_capture.gateway_process import end_gateway
from hybrid_capture.panel_address import panel_address
from hybrid_capture.panel_tokens import write_token
from hybrid_capture.pulse import Pulse
from hybrid_capture.root_process import NotStarted as NotStarted  # what `start` raises
from hybrid_capture.root_process import RootProcess
from hybrid_capture.settings import Settings, tree_settings
from hybrid_capture.statefolder import StateFolder
from hybrid_capture.watching import watch_settings
from messages.facade import Command
from messages.renderer_words import ClientRole
from messages.settings import WatchSettings
from messages.status import CaptureMode
from storage.aside import begin_anew
from storage.database import open_writer
from storage.errors import StoreCorrupt

START_DEADLINE_S = 20.0
STOP_DEADLINE_S = 20.0
EVENTS_MAX = 1_000
"""Events waiting for one subscriber in the host. Over: the newest wins and the gap is counted."""

Event = dict[str, Any]


class Subscription:
    """Events from now on, in order. Iterate, or give a callback; leave it with `close` or as a context manager."""

    def __init__(self, runtime: CaptureRuntime, live: bool, callback: Callable[[Event], None] | None) -> None:
        self.live = live
        self._runtime = runtime
        self._callback = callback
        self._events: queue.Queue[Event | None] = queue.Queue(EVENTS_MAX)
        self._missed = 0

    def put(self, event: Event | None) -> None:
        """Called on the runtime's thread. A callback that raises ends its subscription, not the runtime."""
        if self._callback is not None:
            if event is not None:
                try:
                    self._callback(event)
                except Exception:  # noqa: BLE001  a host's fault is the host's; it hears of nothing more
                    self.close()
            return
        while True:
            try:
                self._events.put_nowait(event)
                return
            except queue.Full:
                with contextlib.suppress(queue.Empty):
                    self._events.get_nowait()
                    self._missed += 1

    def next(self, timeout_s: float | None = None) -> Event | None:
        """The next event; None at the end, or when none comes within `timeout_s`."""
        if self._missed:
            missed, self._missed = self._missed, 0
            return {"event": "gap", "missed": missed}
        try:
            return self._events.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def __iter__(self) -> Iterator[Event]:
        while (event := self.next()) is not None:
            yield event

    def close(self) -> None:
        """No more events."""
        self._runtime.forget(self)

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class CaptureRuntime:
    """One capture runtime on one state folder. Several may live in one process, each on a folder of its own."""

    def __init__(self, settings: Settings, kind: Literal["run", "embedded"] = "embedded") -> None:
        self._settings = settings
        self._kind = kind
        self._folder = StateFolder(settings.state_dir)
        self._lock = threading.Condition()
        self._doorway = Doorway(None, 0)
        self._otlp_token = ""
        self._panel_token = ""
        self._watch: WatchSettings | None = None
        self._gateway: tuple[int, float] | None = None
        """Pid and creation time of the gateway that the root started last."""
        self._client: RendererClient | None = None
        self._root: RootProcess | None = None
        self._spare: RootProcess | None = None
        """Loaded and waiting, to take over when the root ends."""
        self._again: threading.Timer | None = None
        """Starts the next root after its backoff."""
        self._begun_s = 0.0
        self._run_id = f"{time.time_ns() // 1_000_000:x}-{secrets.token_hex(3)}"
        self._roots = 0
        self._window = RestartWindow()
        self._token = ""
        self._state: Literal["new", "starting", "ready", "down", "stopping", "stopped"] = "new"
        self._failure = ""
        self._pids: dict[str, int] = {}
        self._subscriptions: list[Subscription] = []
        timing = settings.timing
        self._pulse = Pulse(timing.ping_interval_ms / 1000, timing.ping_deadline_ms / 1000)
        self._ending = threading.Event()
        self._watcher = threading.Thread(target=self._watch_root, name="hybrid-capture-watch", daemon=True)
        self.given_up = ""
        """Why no further root is started; empty while the runtime goes on. A status event goes with it."""

    # Life.

    def start(self, timeout_s: float = START_DEADLINE_S) -> CaptureRuntime:
        """Start and wait until the tree answers; the sidecar may take a moment more.

        Errors: NotStarted, FolderTaken, FolderUnusable, and the store's own (wrong schema, not writable, corrupt).
        """
        assert self._state == "new", "a runtime starts once"
        self._folder.take()
        try:
            # Whatever is wrong with the store is told here and now, where somebody can act on it. What is damaged makes
            # way for a fresh store, which has the incident in its audit.
            try:
                open_writer(self._settings.store).close()
            except StoreCorrupt as damage:
                begin_anew(self._settings.store, damage, self._run_id, time.time_ns() // 1_000_000)
            _, self._token = self._folder.listen(self._run_id, self._kind)
            self._open_doorway()
            self._state = "starting"
            self._start_root()
            with self._lock:
                self._lock.wait_for(lambda: self._state != "starting", timeout_s)
                state: str = self._state
                failure = self._failure
            if state in ("starting", "down"):
                log = self._folder.path / "logs" / "root.log"
                raise NotStarted(f"{failure or 'the tree did not start in time'}: see {log}")
            self._watcher.start()
        except BaseException:
            self._start_no_more()
            self._end_root()
            self._close_doorway()
            self._folder.release()
            self._state = "stopped"
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
        if self._gateway is not None:
            end_gateway(*self._gateway)

    def stop(self, reason: str = "the host stops", timeout_s: float = STOP_DEADLINE_S) -> None:
        """Let everybody leave in order, account for what is staged, and end; safe to call twice."""
        with self._lock:
            if self._state in ("new", "stopped"):
                return
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
        self._close_doorway()
        self._folder.release()
        with self._lock:
            self._state = "stopped"
            self._lock.notify_all()
            ending = list(self._subscriptions)
        for subscription in ending:
            subscription.put(None)

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
        spare = self._spare
        return dict(self._pids) if spare is None else {**self._pids, "spare": spare.pid}

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
        return self._reachable().ask(command, timeout_s)

    def do(self, command: Command | dict[str, Any], timeout_s: float = 30.0) -> dict[str, Any]:
        """Say a command and wait for its effect; gives the refusal or the effect. Errors: Unanswered."""
        return self._reachable().do(command, timeout_s)

    def status(self, timeout_s: float = 10.0) -> dict[str, Any]:
        """How everything stands. While the tree is being started anew this says so: `FAILURE`, with the reason."""
        try:
            answer = self.command({"command": "getStatus"}, timeout_s)
        except Unanswered as error:
            return self._without_tree(str(error))
        if answer["answer"] != "status":
            return self._without_tree(answer["text"])
        status: dict[str, Any] = answer["status"]
        return status

    def _without_tree(self, why: str) -> dict[str, Any]:
        return {"mode": "FAILURE", "mode_reason": f"the capture tree is down: {self._failure or why}"}

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

    def subscribe(self, callback: Callable[[Event], None] | None = None, live: bool = False) -> Subscription:
        """Events from now on, beginning with the status: iterate over them, or have `callback` called with each."""
        subscription = Subscription(self, live, callback)
        with self._lock:
            self._subscriptions.append(subscription)
            client = self._client if self._state == "ready" else None
        if client is not None:
            self._subscribe(client)
        return subscription

    def forget(self, subscription: Subscription) -> None:
        """End a subscription."""
        with self._lock:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)

    def _subscribe(self, client: RendererClient) -> None:
        live = any(each.live for each in self._subscriptions)
        with contextlib.suppress(Unanswered):
            client.ask({"command": "subscribe", "live": live, "commandId": new_id()})

    def _reachable(self) -> RendererClient:
        with self._lock:
            if self._client is None or self._state != "ready":
                raise Unanswered(self._failure or f"the runtime is {self._state}")
            return self._client

    # The root process.

    def _start_root(self) -> None:
        self._roots += 1
        with self._lock:
            root, self._spare = self._spare, None
        if root is None or not root.lives():
            root = self._new_root()
        self._root, self._begun_s = root, time.monotonic()
        run_id = f"{self._run_id}.{self._roots}"
        if self._watch is None:
            self._watch = watch_settings(self._settings, time.time_ns() // 1_000_000)
        settings = tree_settings(self._settings, run_id, self._doorway.address, self._watch)
        client = RendererClient(root.link, None, self._publish)
        client.on_link(lambda message: self._link(client, message))
        with self._lock:
            self._client = client
        client.start()
        with contextlib.suppress(Unanswered):  # it has ended already, and `_root_gone` hears of it
            client.say_link(
                "start",
                settings=settings.model_dump_json(),
                folder=str(self._folder.sockets() / f"tree{self._roots}"),
                token=self._token,
                otlp_token=self._otlp_token,
                panel_token=self._panel_token,
                no_gateway=self._doorway.fault,
                leaving=self._gateway,
            )

    def _new_root(self) -> RootProcess:
        assert self._folder.listener is not None
        door = self._doorway.listener
        http = None if door is None else door.fileno()
        return RootProcess(self._settings.python, self._folder.path, self._folder.listener.fileno(), http)

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
            if self._subscriptions:
                threading.Thread(target=self._subscribe, args=(client,), daemon=True).start()
        elif message["op"] == "gateway":
            self._gateway = (message["pid"], message["created"])
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
        if self._spare is None or not self._spare.lives():
            try:
                spare = self._new_root()
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
            self._publish({"event": "status", "status": self._without_tree(self._failure)})
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
            self._publish({"event": "status", "status": self._without_tree(self._failure)})
            return
        again = threading.Timer(decision.after_ms / 1000, self._start_again)
        again.start()  # before anybody may join it
        self._again = again

    def _start_again(self) -> None:
        with self._lock:
            if self._state not in ("down", "starting"):
                return
        self._start_root()

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

    def _publish(self, event: Event) -> None:
        with self._lock:
            listening = list(self._subscriptions)
        for subscription in listening:
            subscription.put(event)


class AsyncCaptureRuntime:
    """The same for asyncio: nothing here blocks the loop, and events arrive on it."""

    def __init__(self, settings: Settings) -> None:
        self.blocking = CaptureRuntime(settings)

    async def start(self, timeout_s: float = START_DEADLINE_S) -> AsyncCaptureRuntime:
        await asyncio.to_thread(self.blocking.start, timeout_s)
        return self

    async def stop(self, reason: str = "the host stops") -> None:
        await asyncio.to_thread(self.blocking.stop, reason)

    async def __aenter__(self) -> AsyncCaptureRuntime:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def command(self, command: Command | dict[str, Any], timeout_s: float = 10.0) -> dict[str, Any]:
        return await asyncio.to_thread(self.blocking.command, command, timeout_s)

    async def do(self, command: Command | dict[str, Any], timeout_s: float = 30.0) -> dict[str, Any]:
        return await asyncio.to_thread(self.blocking.do, command, timeout_s)

    async def status(self) -> dict[str, Any]:
        return await asyncio.to_thread(self.blocking.status)

    async def wait_for(self, mode: CaptureMode, timeout_s: float = 30.0) -> dict[str, Any]:
        return await asyncio.to_thread(self.blocking.wait_for, mode, timeout_s)

    async def events(self, live: bool = False) -> AsyncIterator[Event]:
        """Events from now on, until the iterator is closed or the runtime stops."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Queue[Event | None] = asyncio.Queue(EVENTS_MAX)

        def put(event: Event) -> None:
            if waiting.full():
                waiting.get_nowait()  # the newest wins
            waiting.put_nowait(event)

        def put_from_thread(event: Event) -> None:
            loop.call_soon_threadsafe(put, event)

        subscription = await asyncio.to_thread(self.blocking.subscribe, put_from_thread, live)
        try:
            while (event := await waiting.get()) is not None:
                yield event
        finally:
            subscription.close()
