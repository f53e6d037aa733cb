"""What each fault of a plan does to the world: those of DESIGN 12. What people wish is in `wishes.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chaos.simulating.home import Turn
from chaos.simulating.outside import PULSE_US
from chaos.simulating.plan import TABLE, Step
from chaos.simulating.wishes import wish
from chaos.simulating.world import World
from storage.config import ConfigFile

GARBAGE = (
    b"not json\n",
    b"\n",
    b'{"method":"item/agentMessage/delta","params":{"threadId":"\xff"}}\n',
    b'{"method":"brand/new","params":{}}\n',
    b'{"method":"item/completed","params":{"threadId":"t"}}\n',
    b"[1,2]\n",
    b'{"id":true,"result":{}}\n',
    b'{"method":"warning","params":{"message":"' + b"x" * 40_000 + b'"}}\n',
)
METHODS = (
    "item/commandExecution/requestApproval", "item/fileChange/requestApproval", "brand/new/question", "item/tool/call",
    "item/permissions/requestApproval",
)  # fmt: skip


class Acts:
    """Does the steps of a plan, and undoes what lasts."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.healed = False

    def act(self, step: Step) -> None:
        """Do it."""
        world = self.world
        assert step.what in TABLE, step.what
        world.happened("", step)
        act = getattr(self, f"_{step.what}", None)
        if act is None:
            wish(world.outside, world.home, step.what, step.args)
            world.acted[step.what] += 1
        elif act(*step.args) is not False:
            world.acted[step.what] += 1

    def heal(self) -> None:
        """No more faults: everything works again."""
        world = self.world
        self.healed = True
        world.links.heal()
        world.disk.fill(False)
        world.disk.dies_in_commit = False
        home = world.home
        home.broken, home.dies_early, home.login_ends = False, 0, "account"
        home.mute.clear()
        home.deaf = home.stubborn = False
        for hosted in list(world.live.values()):
            hosted.sends_left = None
            world.resume(hosted)
        if world.child is not None:
            world.child.resume()
        file = ConfigFile(world.folder)
        if file.load().fault and file.last_good() is not None:
            file.restore()
        elif file.load().fault:
            file.path.unlink()
        home.account = None
        self.log_in()

    def log_in(self) -> None:
        """Somebody logs in where nobody is, which codex announces."""
        if self.world.home.account != "chatgpt":
            self.world.home.account = "chatgpt"
            if self.world.child is not None and self.world.child.speech.greeted:
                self.world.child.speech.tell_account()

    def _later(self, ms: int, undo: Callable[..., Any], *args: Any) -> None:
        self.world.after(ms * 1000, undo, *args)

    # Processes of the tree.

    def _kill(self, role: str) -> bool:
        hosted = self.world.live.get(role)
        if hosted is not None:
            self.world.kill(hosted)
        return hosted is not None

    def _kill_midway(self, role: str, sends: int) -> bool:
        hosted = self.world.live.get(role)
        if hosted is not None:
            hosted.sends_left = sends
        return hosted is not None

    def _kill_in_commit(self) -> None:
        self.world.disk.dies_in_commit = True

    def _kill_supervisor(self) -> bool:
        return self._kill("supervisor")

    def _hang(self, role: str, ms: int) -> bool:
        hosted = self.world.live.get(role)
        if hosted is None or hosted.hung:
            return False
        self.world.hang(hosted)
        self._later(ms, self.world.resume, hosted)
        return True

    def _hang_supervisor(self, ms: int) -> bool:
        hosted = self.world.live.get("supervisor")
        if hosted is None or not self._hang("supervisor", ms):
            return False
        self.world.after(PULSE_US, self.world.outside.watch_pulse, hosted)
        return True

    # Links, disk, clocks.

    def _delay(self, link: str, ms: int) -> None:
        parties = _parties(link)
        self.world.links.slow_us[parties] = ms * 1000
        self._later(ms * 4, self.world.links.slow_us.pop, parties, None)

    def _drop(self, link: str, count: int) -> None:
        self.world.links.drops[_parties(link)] += count

    def _duplicate(self, link: str, count: int) -> None:
        self.world.links.repeats[_parties(link)] += count

    def _disk_full(self, ms: int) -> None:
        self.world.disk.fill(True)
        self._later(ms, self.world.disk.fill, False)

    def _wall_jump(self, by_ms: int) -> None:
        self.world.clock.set_wall(by_ms)

    def _mono_gap(self, ms: int) -> None:
        """The machine slept: everything that became due meanwhile is due at once."""
        self.world.clock.us += ms * 1000
        self.world.slept_ms += ms

    # The app-server.

    def _child_crash(self, code: int) -> bool:
        child = self.world.child
        if child is None or child.exited:
            return False
        child.crash(code)
        return True

    def _child_crash_at_edge(self) -> bool:
        """Crash again when the first restart of the window is exactly as old as the window."""
        at_ms = self.world.checks.oversight.first_restart_in_window()
        if at_ms is None:
            return False
        due_us = (at_ms + 60_000) * 1000 - self.world.clock.us
        if due_us <= 0:
            return False
        self._later((due_us - 300) // 1000, self._child_crash, 1)
        return True

    def _child_stall(self, ms: int) -> bool:
        child = self.world.child
        if child is None or child.stalled:
            return False
        child.stall()
        self._later(ms, child.resume)
        return True

    def _child_deaf(self, ms: int) -> None:
        self.world.home.deaf = True
        self._later(ms, setattr, self.world.home, "deaf", False)

    def _child_mute(self, method: str, ms: int) -> None:
        self.world.home.mute.add(method)
        self._later(ms, self.world.home.mute.discard, method)

    def _child_stubborn(self, ms: int) -> None:
        self.world.home.stubborn = True
        self._later(ms, setattr, self.world.home, "stubborn", False)

    def _child_garbage(self, number: int) -> bool:
        if self.world.child is None:
            return False
        self.world.child.put(GARBAGE[number])
        return True

    def _child_dies_early(self, count: int) -> bool:
        self.world.home.dies_early = count
        return self._child_crash(1)

    def _no_binary(self, ms: int) -> None:
        self.world.home.broken = True
        self._later(ms, setattr, self.world.home, "broken", False)
        self._child_crash(1)

    def _late_reply(self, number: int) -> bool:
        """An answer that nobody waits for: of an older process, repeated, or never asked."""
        if self.world.child is None:
            return False
        self.world.child.say({"id": (1, 2, 999, "x")[number], "result": {"account": {"type": "chatgpt"}}})
        return True

    def _question(self, number: int, count: int) -> bool:
        """Questions of several kinds, ids of several kinds, the same one twice."""
        child = self.world.child
        if child is None or not child.speech.greeted:
            return False
        method = METHODS[number]
        for each in range(count):
            self.world.home.numbers += 1
            made: int | str = self.world.home.numbers + 1_000
            if each % 2:
                made = f"q{made}"
            child.speech.ask(made, method, {"threadId": "th0", "turnId": "tu0", "itemId": "it0"})
            if number == 1:
                child.speech.ask(made, method, {})
        return True

    def _stale_frames(self) -> bool:
        return self.world.checks.send_stale()

    # Accounts, history, config.

    def _auth_loss(self, kind: int) -> bool:
        home = self.world.home
        home.account = (None, "apiKey", "chatgpt")[kind]
        child = self.world.child
        if child is not None and child.speech.greeted and kind != 2:
            child.speech.tell_account()
        return True

    def _login_ends(self, how: str) -> None:
        self.world.home.login_ends = how

    def _tokens_expire(self) -> bool:
        child = self.world.child
        if child is None or not child.speech.greeted:
            return False
        self.world.home.numbers += 1
        child.speech.ask(self.world.home.numbers + 1_000, "account/chatgptAuthTokens/refresh", {"reason": "expired"})
        return True

    def _foreign_turn(self, kind: int) -> None:
        """A turn of another process on the same home: ended, running, killed, or archived."""
        home, now_s = self.world.home, self.world.clock.now().wall // 1000
        thread = home.new_thread(now_s)
        turn = Turn(home.next_id("tu"), now_s)
        turn.items = [{"type": "agentMessage", "id": home.next_id("it"), "text": f"foreign {home.numbers}"}]
        thread.turns.append(turn)
        if kind == 3:
            self._later(30_000, setattr, thread, "archived", True)
        if kind in (0, 3):
            turn.status, turn.completed_at_s = "completed", now_s
        elif kind == 1:
            home.held.add(thread.thread_id)
            self._later(2_500, self._end_foreign, thread, turn)

    def _end_foreign(self, thread: Any, turn: Turn) -> None:
        now_s = self.world.clock.now().wall // 1000
        turn.status, turn.completed_at_s = "completed", now_s
        thread.updated_at_s = max(now_s, thread.updated_at_s + 1)
        self.world.home.held.discard(thread.thread_id)

    def _config_edit(self, on: int) -> bool:
        """Somebody edits the file by hand."""
        if self.healed or ConfigFile(self.world.folder).load().fault:
            return False
        self.world.checks.config_changes()
        path = self.world.folder / "config.toml"
        text = path.read_text() if path.exists() else ""
        revision = next((line for line in text.splitlines() if line.startswith("revision")), "revision = 1")
        path.write_text(
            f"{revision}\n[codex]\nstreamKillSwitch = {'true' if on else 'false'}\n# {self.world.numbered}\n"
        )
        return True

    def _config_torn(self, ms: int) -> bool:
        """The file is cut off, and mended later."""
        path = self.world.folder / "config.toml"
        if self.healed or not path.exists():
            return False
        self.world.checks.config_changes()
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2] + b"= [")
        self._later(ms, self._mend, path, whole)
        return True

    def _mend(self, path: Any, whole: bytes) -> None:
        if not self.healed and ConfigFile(self.world.folder).load().fault:
            self.world.checks.config_changes()
            path.write_bytes(whole)


def _parties(link: str) -> tuple[str, str]:
    sender, _, receiver = link.partition(">")
    return sender, receiver
