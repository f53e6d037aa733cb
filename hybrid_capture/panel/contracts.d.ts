// Printed from messages/ by `python -m hybrid_capture.contracts`; a test holds the two together. Do not edit.

/** Names this version of what follows; the server says it in its welcome. */
export const CONTRACT: string;

/** Every command that there is. */
export const COMMANDS: readonly CommandName[];

export type ActorState = "starting" | "running" | "backing_off" | "crash_loop" | "stopped";

export type AuthModeChoice = "chatgpt" | "apiKey" | "none";

export type AuthState = "needs_login" | "authenticating" | "authenticated" | "logged_out";

export type CaptureMode = "HYBRID_ACTIVE" | "DEGRADED_STREAMING" | "OTEL_ONLY" | "FAILURE";

export type CodexAccountStatus = "needs_login" | "authenticating" | "authenticated" | "logged_out";

export type Decision = "accept" | "acceptForSession" | "decline" | "cancel";

export type RefusalCode =
  | "BAD_COMMAND"
  | "TOO_LARGE"
  | "NOT_ALLOWED"
  | "NOT_NOW"
  | "TOO_OFTEN"
  | "UNKNOWN_ID"
  | "AWAY"
  | "FAILED"
  | "TIMED_OUT"
  | "CONFLICT";

export type Role = "supervisor" | "sidecar" | "auth" | "stager" | "baseline" | "ingest" | "facade";

export type SidecarState = "stopped" | "starting" | "running" | "backing_off" | "stopping" | "crash_loop";

// What a renderer says.

/** The log of changes of mode, process, handshake, login: the newest, or those after number `after`. */
export interface GetTransitions {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "getTransitions";
  /** At least 0. */
  readonly after?: number | null;
  /** 1 to 500. */
  readonly limit?: number;
}

/**
 * Stored sessions, newest first; the page before cursor `before`. `query` is looked for in title, folder, branch, model
 * and id.
 */
export interface GetSessions {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "getSessions";
  /** 1 to 500. */
  readonly limit?: number;
  /** At most 200 characters. */
  readonly before?: string | null;
  /** At most 500 characters. */
  readonly query?: string | null;
  /** At most 200 characters. */
  readonly tool?: string | null;
}

/** One session with a page of its items: those after cursor `itemsAfter`. */
export interface GetSession {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "getSession";
  /** At most 200 characters. */
  readonly sessionId: string;
  /** At most 200 characters. */
  readonly itemsAfter?: string | null;
  /** 1 to 500. */
  readonly limit?: number;
}

/** Items and session names that say all of `text`, newest first. */
export interface SearchSessions {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "searchSessions";
  /** At most 1,000 characters. */
  readonly text: string;
  /** 1 to 200. */
  readonly limit?: number;
  /** At most 200 characters. */
  readonly tool?: string | null;
  /** At most 200 characters. */
  readonly sessionId?: string | null;
  /** At most 200 characters. */
  readonly kind?: string | null;
  readonly sinceMs?: number | null;
  readonly untilMs?: number | null;
  /** At most 4,096 characters. */
  readonly cwd?: string | null;
  /** At most 200 characters. */
  readonly source?: string | null;
}

/** The newest decisions on items and turns, with their reasons: accepted, duplicate, replaced, dropped. */
export interface GetCodexStreamDedupeLog {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "getCodexStreamDedupeLog";
  /** At most 200 characters. */
  readonly sessionId?: string | null;
  readonly decision?: "accepted" | "duplicate" | "replaced" | "dropped" | null;
  /** 1 to 500. */
  readonly limit?: number;
}

/** The messages of one trace, or of one turn: give exactly one of `traceId` and `turnId`. */
export interface GetTrace {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "getTrace";
  /** At most 200 characters. */
  readonly traceId?: string | null;
  /** At most 200 characters. */
  readonly turnId?: string | null;
}

/** What the config file chooses, and its revision. */
export interface GetIngestConfig {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "getIngestConfig";
}

/** Samples of throughput, latency and restarts, and the recoveries of this run, for plots. */
export interface GetMetrics {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "getMetrics";
}

/** How everything stands. */
export interface GetStatus {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "getStatus";
}

/** Open a new thread (session). */
export interface StartThread {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "startThread";
  /** At most 4,096 characters. */
  readonly cwd?: string | null;
  /** At most 200 characters. */
  readonly model?: string | null;
}

/** Say something in a thread. */
export interface StartTurn {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "startTurn";
  /** At most 200 characters. */
  readonly threadId: string;
  /** At most 60,000 characters. */
  readonly text: string;
}

/** Stop the running turn of a thread. */
export interface InterruptTurn {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "interruptTurn";
  /** At most 200 characters. */
  readonly threadId: string;
  /** At most 200 characters. */
  readonly turnId: string;
}

/** Answer a request of the app-server, once, with the token that came with it. */
export interface SubmitApproval {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "submitApproval";
  /** At most 200 characters. */
  readonly token: string;
  readonly decision: Decision;
}

/** Log in. `secret` only for `apiKey` and `chatgptAuthTokens`. */
export interface StartLogin {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "startLogin";
  readonly kind?: "chatgpt" | "chatgptDeviceCode" | "apiKey" | "chatgptAuthTokens";
  /** At most 16,384 characters. */
  readonly secret?: string | null;
  /** At most 200 characters. */
  readonly accountId?: string | null;
}

/** Give a running login up. */
export interface CancelLogin {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "cancelLogin";
}

/** Forget the login. */
export interface Logout {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "logout";
}

/** Read the account again; a running turn goes on. */
export interface RetryAuth {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "retryAuth";
}

/** Start the sidecar anew; leaves `crash_loop` and clears the window. */
export interface RestartSidecar {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "restartSidecar";
}

/** Bring the live stream back: leaves the fallback and every crash loop, reads the account again. */
export interface RecoverHybrid {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "recoverHybrid";
}

/** Stop the live stream for the rest of this run, or until `recoverHybrid`. */
export interface FallbackToOtelOnly {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "fallbackToOtelOnly";
}

/** Turn the stream kill switch in the config; refused when the config has another `expectedRevision` by now. */
export interface SetStreamKillSwitch {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "setStreamKillSwitch";
  readonly on: boolean;
  /** At least 0. */
  readonly expectedRevision?: number | null;
}

/**
 * Have the app-server's own history of a thread read again and reconciled with what is stored; `CommandDone` brings the
 * session as `getSession` would.
 */
export interface CodexAppServerRequestThreadSnapshot {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "codexAppServerRequestThreadSnapshot";
  /** At most 200 characters. */
  readonly threadId: string;
}

/** Change the config file if it still has `expectedRevision`; holds from the next start on. */
export interface UpdateIngestConfig {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "updateIngestConfig";
  readonly changes: IngestConfigChanges;
  /** At least 0. */
  readonly expectedRevision: number;
}

/** Get events from now on; `live` adds redacted live lines. */
export interface Subscribe {
  /** At most 64 characters. */
  readonly commandId: string;
  readonly command: "subscribe";
  readonly live?: boolean;
}

// What it is answered.

/** What was asked for: the data of this command, as `READS` says. */
export interface DataAnswer {
  readonly commandId: string;
  readonly answer: "data";
  readonly data: Readonly<Record<string, unknown>>;
}

/** The command will be tried; its effect comes as `CommandDone`. */
export interface Accepted {
  readonly commandId: string;
  readonly answer: "accepted";
  /** The history of messages that the command began: `getTrace` and `hybrid-capture trace show` tell it. */
  readonly traceId: string | null;
}

/** The command changes nothing. Codes, never exception text. */
export interface Refused {
  readonly commandId: string;
  readonly answer: "refused";
  readonly code: RefusalCode;
  /** What to do instead; one of our own sentences. */
  readonly text: string;
}

/** Status with the ledger, or why the ledger is missing. */
export interface StatusAnswer {
  readonly commandId: string;
  readonly answer: "status";
  readonly status: Readonly<Record<string, unknown>>;
}

// What it hears.

/** The effect of an accepted command, or why there is none. */
export interface CommandDone {
  readonly event: "commandDone";
  readonly commandId: string;
  readonly ok: boolean;
  readonly code: RefusalCode | null;
  readonly text: string;
  readonly result: Readonly<Record<string, unknown>>;
}

/** An accepted command got somewhere and needs the person: where to log in, for example. */
export interface CommandProgress {
  readonly event: "commandProgress";
  readonly commandId: string;
  readonly text: string;
  readonly result: Readonly<Record<string, unknown>>;
}

/** Something changed. */
export interface StatusEvent {
  readonly event: "status";
  readonly status: TreeStatus;
}

/** Redacted whole lines of an open item. */
export interface LiveEvent {
  readonly event: "live";
  readonly sessionId: string;
  readonly turnId: string;
  readonly itemId: string;
  readonly kind: string;
  readonly text: string;
}

/** An item is durable. */
export interface ItemEvent {
  readonly event: "itemStored";
  readonly sessionId: string;
  readonly turnId: string;
  readonly itemId: string;
  readonly kind: string;
  readonly decision: string;
}

/** A turn ended and is durable. */
export interface TurnEvent {
  readonly event: "turnStored";
  readonly sessionId: string;
  readonly turnId: string;
  readonly status: string;
  readonly items: number;
}

/** The app-server asks; answer with `submitApproval` and this token before `expires_at_ms`. */
export interface ApprovalEvent {
  readonly event: "approvalRequested";
  /** This renderer's own, good for one answer; empty for an observer. */
  readonly token: string;
  readonly kind: "command" | "fileChange" | "permissions" | "other";
  readonly sessionId: string;
  readonly turnId: string;
  readonly itemId: string;
  /** Command, reason or changed paths; redacted. */
  readonly summary: string;
  /** What a file change would do, as a unified diff per file; redacted, bounded, empty for other questions. */
  readonly diff: string;
  /** The diff goes on. */
  readonly diffCut: boolean;
  readonly expiresAtMs: number;
}

/** The request was answered, timed out, or died with its sidecar. */
export interface ApprovalClosed {
  readonly event: "approvalClosed";
  /** The one that came with the question. */
  readonly token: string;
  readonly itemId: string;
  readonly outcome: string;
}

/** The subscriber was too slow: this many events were left out. */
export interface GapEvent {
  readonly event: "gap";
  readonly missed: number;
}

// What these are made of.

/** One actor of the tree. */
export interface ActorStatus {
  readonly name: Role;
  readonly pid: number | null;
  readonly state: ActorState;
  /** At least 0. */
  readonly restarts: number;
}

/** What the sidecar's own evidence proves about the login. */
export interface AuthStatus {
  readonly state: AuthState;
  /** Upstream's word for the kind of login, e.g. `chatgpt`, `apikey`; null without one. */
  readonly mode: string | null;
  readonly plan: string | null;
}

/** Whether the durable part works, as shown by its probes: the store commits, and every source works. */
export interface BaselineStatus {
  readonly healthy: boolean;
  readonly reason: string;
  /** The store commits and at least one source works: not all is lost. Without it the mode is `FAILURE`. */
  readonly working: boolean;
}

/** What the supervisor mirrors of the config file. */
export interface ConfigStatus {
  /** For `expectedRevision`; 0 without a file. At least 0. */
  readonly revision: number;
  /** What is wrong with the file and what to do; with a fault the kill switch counts as on. */
  readonly fault: string;
}

/** How many items of the session a source saw, and how many of those that others saw it missed. */
export interface CoverageLine {
  readonly source: string;
  readonly seen: number;
  readonly missing: number;
}

/** One decision. */
export interface DecisionLine {
  readonly n: number;
  readonly atMs: number;
  readonly source: string;
  readonly sessionId: string | null;
  readonly turnId: string | null;
  /** null: the decision is about the turn itself. */
  readonly itemId: string | null;
  readonly kind: string;
  readonly decision: string;
  readonly reason: string;
}

/** The oldest of them first. */
export interface DecisionsData {
  readonly entries: readonly DecisionLine[];
}

/** How far the protocol greeting with the live generation got. */
export interface HandshakeStatus {
  readonly initialize_sent: boolean;
  readonly initialized: boolean;
}

/** One place that says it. */
export interface HitLine {
  readonly sessionId: string;
  readonly tool: string;
  readonly title: string | null;
  /** null: the session's own names say it. */
  readonly turnId: string | null;
  readonly itemId: string | null;
  readonly kind: string;
  readonly snippet: string;
  /** Where the words stand in the snippet: begin and end. */
  readonly marks: readonly (readonly number[])[];
  readonly atMs: number;
}

/** Newest first; `more`: there are others beyond the limit. */
export interface HitsData {
  readonly hits: readonly HitLine[];
  readonly more: boolean;
}

/**
 * What the config file says; null where it says nothing and the default holds. Changes hold from the next start on, the
 * kill switch at once.
 */
export interface IngestConfig {
  readonly streamKillSwitch: boolean;
  readonly authMode: AuthModeChoice | null;
  readonly streaming: boolean | null;
  readonly links: boolean | null;
  readonly otlp: boolean | null;
  readonly watchCodex: boolean | null;
  readonly watchClaude: boolean | null;
  readonly retentionDays: number | null;
  readonly otlpPort: number | null;
}

/** What a renderer may change in the config file; null takes a choice out. Paths and programs are not among it. */
export interface IngestConfigChanges {
  readonly authMode?: AuthModeChoice | null;
  readonly streaming?: boolean | null;
  readonly links?: boolean | null;
  readonly otlp?: boolean | null;
  readonly watchCodex?: boolean | null;
  readonly watchClaude?: boolean | null;
  /** 1 to 36,500. */
  readonly retentionDays?: number | null;
  /** 1 to 65,535. */
  readonly otlpPort?: number | null;
}

/** The config and its revision, for `updateIngestConfig`. */
export interface IngestConfigData {
  readonly config: IngestConfig;
  readonly revision: number;
  /** What is wrong with the file and what to do; with a fault the kill switch counts as on. */
  readonly fault: string;
}

/** One item, redacted; a long text is cut, and says so. */
export interface ItemLine {
  readonly turnId: string;
  readonly itemId: string;
  readonly kind: string;
  readonly status: string | null;
  readonly text: string;
  /** The text goes on. */
  readonly cut: boolean;
  readonly startedAtMs: number | null;
  readonly completedAtMs: number | null;
  readonly revision: number;
  readonly sources: readonly string[];
}

/** Where every received frame went; `balanced` is the promise `received = sum(dispositions) + staged`. */
export interface LedgerStatus {
  readonly received: number;
  readonly dispositions: Readonly<Record<string, number>>;
  readonly staged: number;
  readonly balanced: boolean;
}

/** One commit that belongs to the session, or may. */
export interface LinkLine {
  readonly commit: string;
  readonly repository: string;
  readonly method: string;
  readonly score: number;
  /** `linked` or `needs_review`. */
  readonly state: string;
  readonly reason: string;
  readonly subject: string | null;
}

/** The newest last, bounded. */
export interface MetricsData {
  readonly samples: readonly MetricsSample[];
  readonly recoveries: readonly RecoveryLine[];
}

/** One moment. A latency is null when nothing was stored since the sample before. */
export interface MetricsSample {
  readonly atMs: number;
  readonly framesPerS: number;
  readonly recordsPerS: number;
  readonly latencyP50Ms: number | null;
  readonly latencyP99Ms: number | null;
  readonly restarts: number;
}

/** A part that broke, and when it was healthy again; null: not yet. */
export interface RecoveryLine {
  readonly child: string;
  readonly faultAtMs: number;
  readonly healthyAtMs: number | null;
}

/** One session; `turns` are all of its turns on the first page, and empty on later ones. */
export interface SessionData {
  readonly session: SessionLine;
  readonly turns: readonly TurnLine[];
  /** There are more turns than are listed here. */
  readonly turnsCut: boolean;
  readonly items: readonly ItemLine[];
  readonly usage: UsageLine | null;
  readonly coverage: readonly CoverageLine[];
  readonly links: readonly LinkLine[];
  /** Why there is no link; empty when there is one, and on later pages. */
  readonly linkReason: string;
  readonly next: string | null;
}

/** One session in a list. */
export interface SessionLine {
  readonly sessionId: string;
  readonly tool: string;
  readonly title: string | null;
  readonly cwd: string | null;
  readonly branch: string | null;
  readonly model: string | null;
  readonly startedAtMs: number;
  readonly lastAtMs: number;
  readonly turns: number;
  readonly items: number;
  /** Of the newest turn; null while it is open. */
  readonly lastStatus: string | null;
  readonly tokens: number | null;
  readonly costUsdMicros: number | null;
  /** Commits linked to it. */
  readonly links: number;
  readonly sources: readonly string[];
}

/** Newest first. */
export interface SessionsData {
  readonly sessions: readonly SessionLine[];
  readonly next: string | null;
}

/** The supervised `codex app-server` process. */
export interface SidecarStatus {
  readonly state: SidecarState;
  /** 0 before the first process of this run. At least 0. */
  readonly generation: number;
  readonly pid: number | null;
  /** At least 0. */
  readonly restarts_in_window: number;
  /** Why the last process ended or did not start; redacted. */
  readonly last_error: string | null;
}

/** One source of the durable baseline. */
export interface SourceStatus {
  readonly name: "otlp" | "transcript" | "rollout";
  readonly healthy: boolean;
  readonly reason: string;
  /** Where it listens, or what it watches; empty when it does neither. */
  readonly address: string;
}

/** In the order in which they were sent. */
export interface TraceData {
  readonly messages: readonly TraceLine[];
  /** There are more. */
  readonly cut: boolean;
}

/** One message of a trace. */
export interface TraceLine {
  readonly n: number;
  readonly traceId: string;
  readonly messageId: string;
  /** The message whose handling sent this one. */
  readonly causeId: string | null;
  readonly type: string;
  readonly sender: string;
  readonly receiver: string;
  /** When its handling began, µs since the epoch. */
  readonly atUs: number;
  readonly queuedUs: number | null;
  readonly handledUs: number | null;
  readonly size: number;
  readonly outcome: string;
}

/** One change, with its cause. */
export interface TransitionLine {
  /** Counts up over all runs. */
  readonly n: number;
  readonly atMs: number;
  /** What changed: mode, sidecar, handshake, auth, actor, stream, baseline, source, kill_switch, fallback. */
  readonly kind: string;
  /** Which actor or source; otherwise the same word as `kind`. */
  readonly who: string;
  readonly from: string;
  readonly to: string;
  readonly cause: string;
}

/** In the order in which they happened. */
export interface TransitionsData {
  readonly transitions: readonly TransitionLine[];
}

/** Everything the supervisor knows, as it stood at `revision`. The ledger is added by who asks ingest for it. */
export interface TreeStatus {
  readonly revision: number;
  readonly mode: CaptureMode;
  readonly mode_reason: string;
  readonly sidecar: SidecarStatus;
  readonly handshake: HandshakeStatus;
  readonly auth: AuthStatus;
  readonly stream_healthy: boolean;
  readonly stream_reason: string;
  /** Whether it holds: by the config file, by a fault of that file, or by the host's settings. */
  readonly kill_switch: boolean;
  readonly config: ConfigStatus;
  /** A person stopped the live stream until `recoverHybrid`. */
  readonly fallback: boolean;
  readonly stream_expected: boolean;
  /** The recovery commands that make sense now: `offered_actions` in `actors/machines/actions.py`. */
  readonly actions: readonly string[];
  readonly baseline: BaselineStatus;
  readonly sources: readonly SourceStatus[];
  readonly actors: readonly ActorStatus[];
  /** Wall clock, ms since the epoch. */
  readonly at_ms: number;
}

/** One turn of a session. */
export interface TurnLine {
  readonly turnId: string;
  readonly status: string | null;
  readonly error: string | null;
  readonly startedAtMs: number | null;
  readonly completedAtMs: number | null;
  readonly items: number;
  readonly tokens: number | null;
  readonly costUsdMicros: number | null;
  readonly traceId: string | null;
}

/** What was spent; null where nobody told. */
export interface UsageLine {
  readonly input: number | null;
  readonly cached: number | null;
  readonly output: number | null;
  readonly reasoning: number | null;
  readonly total: number | null;
  readonly costUsdMicros: number | null;
}

/** Everything that a renderer may say; `command` tells which. */
export type RendererCommand =
  | GetTransitions
  | GetSessions
  | GetSession
  | SearchSessions
  | GetCodexStreamDedupeLog
  | GetTrace
  | GetIngestConfig
  | GetMetrics
  | GetStatus
  | StartThread
  | StartTurn
  | InterruptTurn
  | SubmitApproval
  | StartLogin
  | CancelLogin
  | Logout
  | RetryAuth
  | RestartSidecar
  | RecoverHybrid
  | FallbackToOtelOnly
  | SetStreamKillSwitch
  | CodexAppServerRequestThreadSnapshot
  | UpdateIngestConfig
  | Subscribe;

/** The one answer to each command; `answer` tells which. */
export type RendererAnswer = DataAnswer | Accepted | Refused | StatusAnswer;

/** What comes by itself; `event` tells which. */
export type RendererEvent =
  | CommandDone
  | CommandProgress
  | StatusEvent
  | LiveEvent
  | ItemEvent
  | TurnEvent
  | ApprovalEvent
  | ApprovalClosed
  | GapEvent;

/** The `data` of the answer to each read. */
export interface ReadData {
  readonly getTransitions: TransitionsData;
  readonly getSessions: SessionsData;
  readonly getSession: SessionData;
  readonly searchSessions: HitsData;
  readonly getCodexStreamDedupeLog: DecisionsData;
  readonly getTrace: TraceData;
  readonly getIngestConfig: IngestConfigData;
  readonly getMetrics: MetricsData;
}

export type ReadName = keyof ReadData;

export type CommandName = RendererCommand["command"];
export type EventName = RendererEvent["event"];
