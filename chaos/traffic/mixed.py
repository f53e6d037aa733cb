"""Both tools at work: several sessions at once, sub-agents and forks, in files and over OTLP, for as long as wanted.

    with MixedTraffic(Homes(claude, codex), port, token, seed=1) as traffic:
        ...                                # break what you like
    until(lambda: not traffic.truth.waiting(rows))
    assert traffic.truth.judge(rows) == []

Files are written as the tools write them: appended, at times torn in the middle of a line, and a rollout that is done
moves to `archived_sessions`. `python -m chaos.traffic.mixed --help` plays it against a runtime that is running.
"""

from __future__ import annotations

import argparse
import random
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from chaos.traffic.exporter import Exporter
from chaos.traffic.sessions import ClaudeSession, CodexSession, Exported, Step, Teller, Written
from chaos.traffic.telemetry import Record
from chaos.traffic.truth import Truth
from messages.otlp import Encoding

SESSIONS = 6
"""Sessions that live at the same time."""
PAUSE_S = 0.01
"""Between two steps of all sessions, on average: about fifty lines and fifty records a second."""
TORN = 0.05
"""Share of writes that tear their last line."""
PROCESSES: tuple[tuple[str, Encoding, bool], ...] = (
    ("claude", "json", False), ("claude", "protobuf", True), ("claude", "json", True),
    ("codex", "json", False), ("codex", "protobuf", False),
)  # fmt: skip
"""Exporters: tool, encoding, gzip. Each has its own connection, as each process of a tool has."""
BATCH_MAX = 48


@dataclass(frozen=True, slots=True)
class Homes:
    """The folders of the tools that are watched, and the one in which they work."""

    claude: Path
    codex: Path
    cwd: str = "/home/user/project"


@dataclass
class _Life:
    """A session that is alive."""

    teller: ClaudeSession | CodexSession
    steps: Iterator[Step]
    exporter: Exporter
    pending: list[Record] = field(default_factory=list)


class MixedTraffic:
    """Traffic until it is stopped. `truth` may be read after `stop`."""

    def __init__(
        self, homes: Homes, port: int, token: str, *, seed: int, pause_s: float = PAUSE_S, patient: bool = False
    ) -> None:
        self.truth = Truth()
        self._chance = random.Random(seed)
        self._pause_s = pause_s
        self._tell = Teller(
            self.truth, self._chance, lambda: time.time_ns() // 1_000_000, homes.claude, homes.codex, homes.cwd
        )
        self._exporters = {
            tool: [
                Exporter(self.truth, port, token, tool, encoding, packed, seed + number, patient)
                for number, (each, encoding, packed) in enumerate(PROCESSES)
                if each == tool
            ]
            for tool in ("claude", "codex")
        }
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._old: dict[str, list[ClaudeSession | CodexSession]] = {"claude": [], "codex": []}
        self.sessions = 0
        """How many sessions were begun."""
        self.fault: BaseException | None = None
        """What broke the generator itself."""

    def __enter__(self) -> MixedTraffic:
        for folder in (self._tell.claude_home / "projects", self._tell.codex_home / "sessions"):
            folder.mkdir(parents=True, exist_ok=True)
        for each in (*self._exporters["claude"], *self._exporters["codex"]):
            each.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> Truth:
        """Let every session finish the turn that it is in, send what waits; gives the truth. Errors: what broke it."""
        self._over.set()
        self._thread.join()
        for each in (*self._exporters["claude"], *self._exporters["codex"]):
            each.stop()
        if self.fault is not None:
            raise self.fault
        return self.truth

    def _run(self) -> None:
        try:
            lives = [self._born() for _ in range(SESSIONS)]
            while lives:
                life = self._chance.choice(lives)
                step = next(life.steps, None)
                if step is None:
                    self._flush(life)
                    self._buried(life)
                    lives.remove(life)
                    if not self._over.is_set():
                        lives.append(self._born())
                else:
                    self._perform(life, step)
                if not self._over.is_set():
                    self._over.wait(self._chance.uniform(0, 2 * self._pause_s))
        except BaseException as fault:  # noqa: BLE001  told by stop()
            self.fault = fault

    def _born(self) -> _Life:
        """A new session: one in three is a fork of one that is over, some of codex are a sub-agent's."""
        self.sessions += 1
        chance = self._chance
        tool = chance.choice(("claude", "codex"))
        old = self._old[tool]
        origin = chance.choice(old) if old and chance.random() < 0.35 else None
        teller: ClaudeSession | CodexSession
        if tool == "claude":
            teller = ClaudeSession(self._tell, origin if isinstance(origin, ClaudeSession) else None)
        else:
            relative = origin if isinstance(origin, CodexSession) else None
            spawned = chance.random() < 0.3
            copies = chance.random() < 0.5
            teller = CodexSession(self._tell, None if spawned else relative, relative if spawned else None, copies)
        return _Life(teller, teller.steps(chance.randint(1, 4)), chance.choice(self._exporters[tool]))

    def _buried(self, life: _Life) -> None:
        old = self._old[life.teller.owner.tool]
        old.append(life.teller)
        del old[:-SESSIONS]
        if isinstance(life.teller, CodexSession) and self._chance.random() < 0.3:
            archive = self._tell.codex_home / "archived_sessions"
            archive.mkdir(exist_ok=True)
            life.teller.path.rename(archive / life.teller.path.name)

    def _perform(self, life: _Life, step: Step) -> None:
        if isinstance(step, Written):
            self._write(step)
            return
        assert isinstance(step, Exported)
        if life.pending and (
            life.pending[0].signal != step.records[0].signal or len(life.pending) + len(step.records) > BATCH_MAX
        ):
            self._flush(life)
        life.pending += step.records
        if self._chance.random() < 0.3:
            self._flush(life)

    def _flush(self, life: _Life) -> None:
        if life.pending:
            life.exporter.put(life.pending)
            life.pending = []

    def _write(self, step: Written) -> None:
        step.path.parent.mkdir(parents=True, exist_ok=True)
        self.truth.lines[step.source] += len(step.lines)
        self.truth.copied += len(step.lines) if step.copied else 0
        data = b"".join(step.lines)
        with step.path.open("ab", buffering=0) as file:
            if self._chance.random() >= TORN:
                file.write(data)
                return
            self.truth.torn += 1
            cut = len(data) - self._chance.randint(1, len(step.lines[-1]))
            file.write(data[:cut])
            self._over.wait(self._chance.uniform(0.05, 0.4))
            file.write(data[cut:])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m chaos.traffic.mixed", description=__doc__)
    parser.add_argument("--claude", type=Path, required=True, help="Claude Code's folder, as the runtime watches it")
    parser.add_argument("--codex", type=Path, required=True, help="CODEX_HOME, likewise")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token-file", type=Path, required=True, help="otlp.token of the state folder")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    token = given.token_file.read_text().strip()
    with MixedTraffic(Homes(given.claude, given.codex), given.port, token, seed=given.seed) as traffic:
        time.sleep(given.seconds)
    truth = traffic.truth
    told = f"{traffic.sessions} sessions, {dict(truth.lines)} lines, {len(truth.kept)} records"
    sys.stdout.write(f"{told}, answers {dict(truth.answers)}\n")


if __name__ == "__main__":
    main()
