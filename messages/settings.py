"""What the tree is told once, at its beginning: paths, choices, limits. `hybrid_capture/settings.py` fills it in."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from messages.base import Message
from messages.status import AuthModeChoice

MIB = 1024 * 1024


class Limits(Message):
    """Every bound of the runtime with its default. What happens at the bound stands beside it."""

    line_bytes_max: int = Field(default=8 * MIB, ge=1024, le=64 * MIB)
    """One line of the app-server. Longer: the line is `dropped:line_too_long` with its size; the stream goes on."""
    read_bytes_max: int = Field(default=256 * 1024, ge=4096, le=MIB)
    """One read of the pipe, and so one batch; a larger single line travels alone."""
    window_batches_max: int = Field(default=3, ge=1, le=64)
    """Unsettled full batches (`window_batches_max * read_bytes_max` bytes). Full: the pipe is not read."""
    open_items_max: int = Field(default=1024, ge=1, le=65536)
    """Items staged at once. Over: the oldest is evicted with an audit row."""
    staged_bytes_max: int = Field(default=64 * MIB, ge=1024)
    """Text staged at once. Over: the oldest item is evicted with an audit row."""
    pending_requests_max: int = Field(default=256, ge=1, le=4096)
    """Requests to the app-server without an answer yet. Over: the request is refused."""
    request_deadline_ms: int = Field(default=10_000, ge=10)
    """A request without an answer for this long ends as timed out."""
    login_deadline_ms: int = Field(default=600_000, ge=100)
    """A login that was opened and not completed for this long is cancelled."""
    approvals_max: int = Field(default=128, ge=1, le=4096)
    """Server requests waiting for a person. Over: the newest is declined at once."""
    approval_deadline_ms: int = Field(default=300_000, ge=10)
    """A server request without a person's answer for this long is declined."""
    stderr_lines_max: int = Field(default=256, ge=1, le=4096)
    stderr_line_chars_max: int = Field(default=1024, ge=80, le=8192)
    """The ring of the sidecar's stderr; older lines fall out, longer lines are cut."""
    stdin_bytes_max: int = Field(default=16 * MIB, ge=1024)
    """Bytes waiting to be written to the sidecar. Over: it does not read; it is declared hung and replaced."""
    renderers_max: int = Field(default=130, ge=1, le=1_024)
    """Renderers that the facade knows at once: 64 each at the control socket and at the panel's, and the gateway's own.
    One more is refused."""
    sessions_max: int = Field(default=64, ge=1, le=512)
    """Sessions of the panel's socket at once, those without a connection included. One more: closed with 4409."""
    session_events_max: int = Field(default=1_000, ge=16, le=100_000)
    session_bytes_max: int = Field(default=8 * MIB, ge=64 * 1024)
    """What a session of the panel's socket keeps for who reads slowly or comes back. Over: newest wins, the gap is
    counted and told."""
    reads_waiting_max: int = Field(default=32, ge=1, le=1_024)
    """Reads of renderers that wait for the store. Over: refused with `AWAY`."""
    read_answer_bytes_max: int = Field(default=512 * 1024, ge=16 * 1024, le=768 * 1024)
    """One answer with data. Over: the page ends earlier, and `next` goes on."""
    read_deadline_ms: int = Field(default=5_000, ge=100)
    """A read without its data for this long is given up: refused with `TIMED_OUT`."""
    command_bytes_max: int = Field(default=64 * 1024, ge=256)
    """One renderer command. Larger: refused."""
    subscriber_events_max: int = Field(default=1000, ge=1)
    """Events waiting for one subscriber. Over: newest wins and the gap is counted."""
    pull_page_bytes_max: int = Field(default=256 * 1024, ge=4096, le=8 * MIB)
    """What one page of pulled turns should measure; the next page asks for as many turns as fit. A single larger turn
    comes alone, and one over `line_bytes_max` only by its end, with an audit row."""
    pull_requests_max: int = Field(default=1_000, ge=1)
    """Requests of one round of catching up. Over: the next round goes on where this one stood."""
    otlp_body_bytes_max: int = Field(default=64 * MIB, ge=1024, le=512 * MIB)
    """One OTLP body after decompression. Larger: refused with 413, and inflating stops there."""
    otlp_waiting_bytes_max: int = Field(default=128 * MIB, ge=1024)
    """OTLP bodies in hand at once. Over: 503 with `Retry-After: 1`."""
    otlp_requests_max: int = Field(default=256, ge=1, le=4096)
    """OTLP requests in hand at once. Over: 503 with `Retry-After: 1`."""
    http_connections_max: int = Field(default=512, ge=4, le=8192)
    """Connections of the HTTP gateway. Over: the longest idle one is closed, or the new one when none is idle."""
    dedupe_keys_max: int = Field(default=10_000, ge=1)
    dedupe_ttl_ms: int = Field(default=86_400_000, ge=1)
    """The in-memory accelerator in front of the store's unique key."""
    trace_rows_max: int = Field(default=100_000, ge=100, le=10_000_000)
    """Messages that the history in the store tells of. Over: the oldest go, in the transaction that brings new ones."""
    trace_waiting_max: int = Field(default=2_048, ge=16, le=65_536)
    """Messages that one actor has handled and not told of yet. Over: further ones are not recorded; their numbers are
    missing, and `hybrid-capture trace` says how many."""


class Timing(Message):
    """Every deadline and period of supervision, in ms on the monotonic clock."""

    restart_window_ms: int = Field(default=60_000, ge=1)
    """The rolling window of the crash-loop rule. An event exactly this old is outside."""
    restarts_max: int = Field(default=2, ge=0)
    """Restarts allowed inside the window; the next one is refused and the child is in `crash_loop`."""
    backoff_min_ms: int = Field(default=250, ge=1)
    backoff_max_ms: int = Field(default=8_000, ge=1)
    """Wait before a sidecar restart: doubles from the first to the second."""
    actor_backoff_ms: int = Field(default=0, ge=0)
    """Wait before the first restart of an actor; a second one within the window waits `backoff_min_ms`."""
    ping_interval_ms: int = Field(default=1_000, ge=10)
    ping_deadline_ms: int = Field(default=3_000, ge=10)
    """An actor without an answer for this long is hung: it gets SIGKILL and a restart."""
    start_deadline_ms: int = Field(default=5_000, ge=10)
    """An actor that was created and did not report for this long is hung."""
    initialize_deadline_ms: int = Field(default=10_000, ge=10)
    """A sidecar without an answer to `initialize` for this long is hung."""
    account_callback_ms: int = Field(default=1_000, ge=1)
    """How long after the handshake an unsolicited `account/updated` is awaited; then `account/read` is the evidence."""
    liveness_interval_ms: int = Field(default=2_000, ge=10)
    """A sidecar that was silent for this long gets a probe."""
    liveness_late_ms: int = Field(default=1_500, ge=10)
    """A probe without an answer for this long makes the stream unhealthy; its process lives on until the deadline."""
    liveness_deadline_ms: int = Field(default=5_000, ge=10)
    """A sidecar without any line for this long after a probe is hung and is replaced."""
    settle_deadline_ms: int = Field(default=5_000, ge=10)
    """The oldest unsettled batch may be this old before the stream counts as unhealthy."""
    resend_ms: int = Field(default=2_000, ge=10)
    """A batch or checkpoint without acknowledgement for this long is sent again."""
    checkpoint_ms: int = Field(default=100, ge=1)
    """Deltas alone are settled at least this often; anything durable is settled at once."""
    catchup_interval_ms: int = Field(default=30_000, ge=10)
    """Between two rounds of catching up with what the app-server's history has and the store has not."""
    file_quiet_ms: int = Field(default=1_800_000, ge=1_000)
    """A rollout or transcript that was not written for this long is over: an open turn of it ends as interrupted,
    until its real end is found after all."""
    stop_grace_ms: int = Field(default=1_000, ge=10)
    """Between closing stdin and SIGTERM, and between SIGTERM and SIGKILL."""
    probe_interval_ms: int = Field(default=2_000, ge=10)
    """How often ingest proves with a committed write that the store works."""
    probe_deadline_ms: int = Field(default=4_000, ge=10)
    """A probe without a commit for this long means the baseline is not healthy."""
    otlp_hold_ms: int = Field(default=6_000, ge=100, le=8_000)
    """An OTLP request waits this long for its commit; then 503 with `Retry-After: 1`. The exporters give up at 10 s."""
    otlp_keep_ms: int = Field(default=60_000, ge=0, le=600_000)
    """What Codex exported is tried on for this long after its 503: Codex sends nothing twice. Over: it is lost."""
    otlp_read_ms: int = Field(default=15_000, ge=100)
    """A client may take this long for the head of a request, and again for its body. Slower: 408, or hung up."""

    @property
    def otlp_in_hand_ms(self) -> int:
        """How long the gateway has a request in hand at most."""
        return self.otlp_hold_ms + self.otlp_keep_ms


class SidecarSettings(Message):
    """Which app-server to run and how."""

    codex_path: str | None
    """Native codex binary; None when none was found, which `codex_missing` explains."""
    codex_missing: str = ""
    codex_args: tuple[str, ...] = ("app-server", "--strict-config")
    codex_home: str | None = None
    """CODEX_HOME for the child; None leaves codex's own default."""
    cwd: str | None = None
    """Working directory for the child and default for new threads."""
    environment: dict[str, str] = Field(default_factory=dict, repr=False)
    """The child's whole environment, already cleaned."""
    auth_mode: AuthModeChoice = "chatgpt"
    enabled: bool = True
    """False: the stream is not expected; capture runs on the baseline alone."""


class OtlpSettings(Message):
    """The OTLP receiver, as far as the tree knows it. The token is not among it: only the gateway has that."""

    enabled: bool = False
    address: str = ""
    """`http://host:port`; empty when the port could not be opened."""


class WatchedFolder(Message):
    """A folder in which a tool keeps its sessions."""

    source: Literal["rollout", "transcript"]
    path: str = Field(repr=False)
    """Absolute, links resolved."""


class CaptureOff(Message):
    """A time in which the files of a tool were not to be captured: what was written in it is counted, not stored."""

    tool: Literal["codex", "claude"]
    from_ms: int
    to_ms: int | None = None
    """None: until now."""


class WatchSettings(Message):
    """Which files are followed."""

    roots: tuple[WatchedFolder, ...] = ()
    off: tuple[CaptureOff, ...] = ()


class TraceSettings(Message):
    """What is recorded of the messages in the tree."""

    on: bool = True
    """False: nothing is recorded; messages carry their ids all the same."""
    every: int = Field(default=1, ge=1, le=1_000_000)
    """Of so many histories one is recorded, whole; what was refused or failed always is."""
    decisions: bool = False
    """Write down what machines are asked and decide, masked, in `STATE/recordings`, at most 64 files of 64 MiB."""


class TreeSettings(Message):
    """Given to every actor with its `Begin`."""

    run_id: str
    state_dir: str
    database: str = Field(repr=False)
    """Path of the SQLite file, or a DSN, which may hold a password."""
    retention_days: int | None = None
    """Sessions in which nothing happened for so long are removed; None never removes any."""
    kill_switch: bool = False
    links: bool = True
    """Repositories of sessions are looked at and commits are linked."""
    sidecar: SidecarSettings
    otlp: OtlpSettings = OtlpSettings()
    watch: WatchSettings = WatchSettings()
    traces: TraceSettings = TraceSettings()
    limits: Limits = Limits()
    timing: Timing = Timing()
