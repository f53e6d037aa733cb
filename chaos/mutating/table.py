"""The bugs: which text of which file becomes which other, and who is expected to see it. Data only.

`tests/chaos/mutating/test_table.py` sees to it that every text still stands in its file, exactly once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Hunter = Literal["simulation", "tests"]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One bug."""

    name: str
    path: str
    before: str
    after: str
    tests: tuple[str, ...]
    """The tests of that file."""
    first: Hunter = "simulation"
    """Who is asked first; the other one if that one sees nothing."""

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").replace("/", ".")


MACHINES = "tests/actors/machines"
STAGING = "actors/machines/staging.py"
STAGING_TESTS = (f"{MACHINES}/test_staging.py",)
AUTH = "actors/machines/auth.py"
AUTH_TESTS = (f"{MACHINES}/test_auth.py",)
PROCESS = "actors/machines/process.py"
PROCESS_TESTS = (f"{MACHINES}/test_process.py", f"{MACHINES}/test_supervision.py")
SUPERVISION = "actors/machines/supervision.py"
SUPERVISION_TESTS = (f"{MACHINES}/test_supervision.py",)
SIDECAR = "actors/sidecar.py"
SEAL_TESTS = ("tests/actors/transport/test_seal.py",)
TRACING_TESTS = ("tests/actors/test_tracing.py",)
LIVE = ()
"""An actor's own wiring has no tests of its file: the simulation runs it as it is."""

MUTANTS: tuple[Mutant, ...] = (
    # What is acknowledged, and when.
    Mutant(
        "skip an acknowledgement", STAGING,
        "return (Send(\"sidecar\", settled), *self._send_first(), *self._flush(now))",
        "return (*self._send_first(), *self._flush(now))", STAGING_TESTS, "tests",
    ),
    Mutant(
        "settle before the commit", STAGING,
        "return (Send(\"ingest\", self.outgoing[0]), Wake(",
        "first = self.outgoing[0]\n        early = BatchSettled(generation=first.generation, through_seq="
        "getattr(first, \"last_seq\", 0))\n        return (Send(\"sidecar\", early), Send(\"ingest\", first), Wake(",
        STAGING_TESTS,
    ),
    Mutant(
        "never send a checkpoint again", STAGING,
        "if name == \"resend\" and epoch == self.sent_epoch:", "if name == \"resend\" and epoch < 0:", STAGING_TESTS,
    ),
    Mutant(
        "never send a batch again", "actors/machines/courier.py",
        "if now_ms - self.sent_ms < self.resend_ms:", "if now_ms - self.sent_ms < 10**9:",
        (f"{MACHINES}/test_courier.py",), "tests",
    ),
    Mutant(
        "never say that a generation is closed", "actors/machines/courier.py",
        "        if box.generation not in self.ended:\n            return NOTHING\n        last_seq",
        "        if True:\n            return NOTHING\n        last_seq", (f"{MACHINES}/test_courier.py",),
    ),
    Mutant(
        "take a failed checkpoint for a kept one", "actors/ingest.py",
        "            self.send_to(\"stager\", refused)",
        "            from messages.records import CheckpointKept\n            self.send_to(\"stager\", CheckpointKept("
        "generation=message.generation, through_seq=message.last_seq, stager=message.stager, closed=message.closed))",
        LIVE,
    ),
    Mutant(
        "forget what waits when any transition is kept", "actors/machines/transition_log.py",
        "machine.unkept = tuple(each for each in machine.unkept if each.seq > heard.through_seq)",
        "machine.unkept = ()", (f"{MACHINES}/test_transition_log.py",),
    ),
    Mutant(
        "forget transitions that ingest lost with its death", SUPERVISION,
        "    machine.sent_through = 0\n    return effects, cause", "    return effects, cause", SUPERVISION_TESTS,
    ),
    Mutant(
        "keep transitions behind a hole", "storage/transitions.py",
        "if one.seq != through + 1:", "if one.seq <= through:", ("tests/storage/test_transitions.py",),
    ),
    # Generations and stale things.
    Mutant(
        "read frames of a dead process", STAGING,
        "        if heard.generation < self.generation:\n            return self._stale(heard)",
        "        if heard.generation < 0:\n            return self._stale(heard)", STAGING_TESTS, "tests",
    ),
    Mutant(
        "forget the generation of evidence", "actors/machines/auth_words.py",
        "        if heard.generation != auth.generation:\n            return Stale()\n        if isinstance(heard, Acc",
        "        if isinstance(heard, Acc", AUTH_TESTS, "tests",
    ),
    Mutant(
        "believe an older process's exit", PROCESS,
        "    if heard.generation != process.generation:\n        return Stale()", "", PROCESS_TESTS, "tests",
    ),
    Mutant(
        "use a generation twice", PROCESS,
        "generation = process.generation + 1", "generation = max(1, process.generation)", PROCESS_TESTS,
    ),
    Mutant(
        "keep a login that an older process proved", SUPERVISION,
        "if machine.auth_generation != machine.process.generation:", "if machine.auth_generation < 0:",
        SUPERVISION_TESTS,
    ),
    Mutant(
        "keep a proof across a new process", AUTH,
        "(IN, SidecarInitialized): (\"authenticating\", fresh)", "(IN, SidecarInitialized): (\"authenticated\", fresh)",
        AUTH_TESTS,
    ),
    Mutant(
        "obey an old wake-up", PROCESS,
        "return heard if heard.epoch == process.epoch else Stale()", "return heard", PROCESS_TESTS, "tests",
    ),
    # What proves a login.
    Mutant(
        "authenticate on login/completed", AUTH,
        "(BUSY, LoginAnnounced): (\"authenticating\", await_account)",
        "(BUSY, LoginAnnounced): (\"authenticated\", await_account)", AUTH_TESTS,
    ),
    Mutant(
        "authenticate by a callback alone", "actors/wire/account.py",
        "authenticated=word in _MODES and fits", "authenticated=word in _MODES", ("tests/actors/wire/test_account.py",),
        "tests",
    ),
    Mutant(
        "take any login for the chosen one", "actors/machines/auth_words.py",
        "if heard.auth_mode not in ENOUGH[auth.choice]:", "if heard.auth_mode is None:", AUTH_TESTS,
    ),
    Mutant(
        "never read the account unasked", "actors/machines/sidecar.py",
        "return life, NOTHING if life.callback_seen else (_read_account(False),)", "return life, NOTHING",
        (f"{MACHINES}/test_sidecar.py",), "tests",
    ),
    Mutant(
        "tell a new auth nothing", SIDECAR,
        "if \"auth\" in changed and self.life.phase == \"speaking\":", "if \"auth\" in changed and not changed:",
        ("tests/chaos/simulating/test_checks.py",), "tests",
    ),
    Mutant(
        "log out and stay logged in", AUTH,
        "(OUT, AccountConfirmed): (\"logged_out\", nothing)", "(OUT, AccountConfirmed): (\"authenticated\", confirmed)",
        AUTH_TESTS, "tests",
    ),
    # Restarts.
    Mutant(
        "allow a third restart", "actors/machines/restarts.py",
        "if len(recent) >= timing.restarts_max:", "if len(recent) > timing.restarts_max:",
        (f"{MACHINES}/test_restarts.py",),
    ),
    Mutant(
        "count the 60,000th ms as inside", "actors/machines/restarts.py",
        "if now_ms - at < timing.restart_window_ms)", "if now_ms - at <= timing.restart_window_ms)",
        (f"{MACHINES}/test_restarts.py",), "tests",
    ),
    Mutant(
        "start again in a crash loop", PROCESS,
        "(\"crash_loop\", Wanted): (\"crash_loop\", nothing)", "(\"crash_loop\", Wanted): (\"starting\", start)",
        PROCESS_TESTS, "tests",
    ),
    Mutant(
        "take a crash for a stop", PROCESS,
        "return StopDone() if heard.requested else Crashed(heard.text)", "return StopDone()", PROCESS_TESTS,
    ),
    Mutant(
        "miss that the owner of the process died", PROCESS,
        "(\"running\", OwnerLost): (\"stopped\", owner_lost)", "(\"running\", OwnerLost): (\"running\", nothing)",
        PROCESS_TESTS,
    ),
    Mutant(
        "let a hung actor hang", SUPERVISION,
        "now.mono - kid.asked_ms >= timing.ping_deadline_ms:", "now.mono - kid.asked_ms >= 10**9:", SUPERVISION_TESTS,
    ),
    Mutant(
        "let a silent process live", "actors/machines/liveness.py",
        "now_ms - self.probed_ms >= timing.liveness_deadline_ms", "now_ms - self.probed_ms >= 10**9",
        (f"{MACHINES}/test_liveness.py",),
    ),
    # The mode, the switch.
    Mutant(
        "latch the degraded mode", "actors/machines/standing.py",
        "    mode, reason = mode_of(facts_of(machine))\n    process",
        "    mode, reason = mode_of(facts_of(machine))\n    if machine.status is not None and machine.status.mode == "
        "\"DEGRADED_STREAMING\":\n        mode = \"DEGRADED_STREAMING\"\n    process", SUPERVISION_TESTS,
    ),
    Mutant(
        "be active without a baseline", "actors/machines/modes.py",
        "    if not facts.baseline_working:", "    if not facts.baseline_reason:", (f"{MACHINES}/test_modes.py",),
    ),
    Mutant(
        "be active without a handshake", "actors/machines/modes.py",
        "        and facts.initialized\n", "", (f"{MACHINES}/test_modes.py",), "tests",
    ),
    Mutant(
        "be active with an unhealthy stream", "actors/machines/modes.py",
        "        and facts.stream_healthy\n", "", (f"{MACHINES}/test_modes.py",),
    ),
    Mutant(
        "ignore the kill switch", "actors/machines/standing.py",
        "    if machine.config.kill_switch:\n        return False",
        "    if machine.config.revision < 0:\n        return False", (f"{MACHINES}/test_orders.py",),
    ),
    Mutant(
        "answer the switch before it is written", "actors/machines/orders.py",
        "return [SaveKillSwitch(heard.command_id, heard.on, heard.expected_revision)], \"\"",
        "done = _done(heard.command_id, True, \"\", result={\"on\": heard.on, \"revision\": 0})\n    "
        "return [done, SaveKillSwitch(heard.command_id, heard.on, heard.expected_revision)], \"\"",
        (f"{MACHINES}/test_orders.py",), "tests",
    ),
    # Staging and the ledger.
    Mutant(
        "lose staged text without a word", "storage/store.py",
        "self._audit.item(place, \"stage_loss\", text, about)", "pass", ("tests/storage/test_store.py",),
    ),
    Mutant(
        "forget what an item absorbed", "storage/keeping.py",
        "tally[kept.disposition if kept.decision == \"dropped\" else \"merged\"] += item.merged_frames", "pass",
        ("tests/storage/test_store.py",),
    ),
    Mutant(
        "stage late deltas again", "actors/machines/reading.py",
        "if key in self.stage.finished:", "if key in self.stage.touched:", STAGING_TESTS, "tests",
    ),
    Mutant(
        "keep an interrupted item open", "actors/machines/reading.py",
        "self.lost(self.stage.lose_where(lambda key: key[:2] == turn, reason))", "pass", STAGING_TESTS, "tests",
    ),
    Mutant(
        "stage without a bound", "actors/machines/stage.py",
        "while len(self.items) > self.items_max or", "while len(self.items) > 10**9 or", STAGING_TESTS, "tests",
    ),
    Mutant(
        "read without a window", "actors/machines/window.py",
        "return len(self.batches) >= BATCHES_MAX or self.bytes_count >= self.bytes_max", "return False",
        (f"{MACHINES}/test_window.py",), "tests",
    ),
    Mutant(
        "hand on early batches", "actors/machines/window.py",
        "        if batch.first_seq != self.next_seq:\n", "        if batch.first_seq < 0:\n",
        (f"{MACHINES}/test_window.py",), "tests",
    ),
    Mutant(
        "apply a checkpoint wherever it begins", "storage/stage.py",
        "AND stager = ? AND through_seq = ?\n", "AND stager = ? AND through_seq > ? - 1000000\n",
        ("tests/storage/test_store.py",),
    ),
    Mutant(
        "trust a stager that was replaced", "storage/stage.py",
        "if valid is not None and opened.stager < valid:", "if valid is None and opened.stager < 0:",
        ("tests/storage/test_store.py",), "tests",
    ),
    Mutant(
        "remember what was rolled back", "storage/store.py",
        "            part.forget()", "            part", ("tests/storage/test_store.py",), "tests",
    ),
    Mutant(
        "say kept of telemetry that is not", "actors/machines/receiver.py",
        "if not asked.decoded or asked.unkept:", "if not asked.decoded:", (f"{MACHINES}/test_receiver.py",),
    ),
    Mutant(
        "never send telemetry again", "actors/machines/baseline.py",
        "return self._again(now_ms) if now_ms >= due_ms else NOTHING", "return NOTHING",
        (f"{MACHINES}/test_baseline.py",),
    ),
    # Questions, commands, catching up.
    Mutant(
        "answer a question twice", "actors/wire/asked.py",
        "held = self._held.pop(request_id, None)\n        if held is None:\n            return NotAsked(request_id)",
        "held = self._held.get(request_id)\n        if held is None:\n            return NotAsked(request_id)",
        ("tests/actors/wire/test_asked.py",), "tests",
    ),
    Mutant(
        "let a question wait for ever", "actors/wire/asked.py",
        "if held.due_ms <= now_ms]", "if held.due_ms < 0]", ("tests/actors/wire/test_asked.py",), "tests",
    ),
    Mutant(
        "obey a double click twice", "actors/machines/facade.py",
        "        if command.command_id in client.answers:\n", "        if command.command_id in client.recent:\n",
        (f"{MACHINES}/test_facade.py",), "tests",
    ),
    Mutant(
        "leave a turn of a dead process open", "actors/machines/catchup.py",
        "        if not self.swept:\n", "        if self.swept is None:\n", (f"{MACHINES}/test_catchup.py",),
    ),
    Mutant(
        "look at a thread only once", "actors/machines/catchup.py",
        "if position is not None and position.updated_at_s == listed.updated_at_s and", "if position is not None and",
        (f"{MACHINES}/test_catchup.py",), "tests",
    ),
    Mutant(
        "pull before the stream is settled", "actors/machines/catchup.py",
        "if self.phase == \"holding\" and road.settled_seq >= self.hold_seq:", "if self.phase == \"holding\":",
        (f"{MACHINES}/test_catchup.py",), "tests",
    ),
    # What stands between processes, renderers and tools.
    Mutant(
        "open a sealed frame twice", "actors/transport/seal.py",
        "if last is not None and counter <= last[0]:", "if last is not None and counter < last[0]:", SEAL_TESTS,
        "tests",
    ),
    Mutant(
        "forget with a sender how old its frames are", "actors/transport/seal.py",
        "self._floor_ns = max(self._floor_ns, forgotten_ns)", "del forgotten_ns", SEAL_TESTS, "tests",
    ),
    Mutant(
        "take a one-time code twice", "hybrid_capture/panel_tokens.py",
        "self._codes.pop(_digest(code), (0.0, \"observer\"))", "self._codes.get(_digest(code), (0.0, \"observer\"))",
        ("tests/hybrid_capture/test_panel_tokens.py",), "tests",
    ),
    Mutant(
        "let an observer's session come back as an operator", "hybrid_capture/panel_tokens.py",
        "return Entry(\"observer\" if role == \"observer\" else found, session)",
        "return Entry(\"observer\" if role == \"observer\" else \"operator\", session)",
        ("tests/hybrid_capture/test_panel_tokens.py",), "tests",
    ),
    Mutant(
        "answer telemetry before the commit", "actors/machines/receiver.py",
        "        asked.unkept += 1\n", "        asked.unkept += 0\n", (f"{MACHINES}/test_receiver.py",),
    ),
    Mutant(
        "change the config whatever its revision", "actors/machines/orders.py",
        "return [SaveConfig(heard.command_id, heard.changes, heard.expected_revision)], \"\"",
        "return [SaveConfig(heard.command_id, heard.changes, machine.config.revision)], \"\"",
        (f"{MACHINES}/test_orders.py",), "tests",
    ),
    # The history of messages.
    Mutant(
        "keep the history of messages without end", "storage/traces.py",
        "self._database.run(_PRUNE, (self._rows_max,))", "self._database.run(_PRUNE, (10**9,))",
        ("tests/storage/test_traces.py",), "tests",
    ),
    Mutant(
        "lose messages without a hole in their numbers", "actors/tracing.py",
        "        self._n += 1\n        count = self._count\n        if count >= self._most:\n            return\n",
        "        count = self._count\n        if count >= self._most:\n            return\n        self._n += 1\n",
        TRACING_TESTS, "tests",
    ),
    Mutant(
        "never tell the history by itself", "actors/tracing.py",
        "        if not count:\n            self.due_ns = at_ns + FLUSH_MS * 1_000_000\n", "", TRACING_TESTS, "tests",
    ),
)  # fmt: skip
