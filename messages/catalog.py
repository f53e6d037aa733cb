"""Who says what to whom. The shell enforces this table: a message from anybody else is refused and audited.

To add a message: write its class in the file of its conversation, and its line here.
"""

from __future__ import annotations

from dataclasses import dataclass

from messages import auth, baseline, calls, config, facade, lifecycle, otlp, pulls, records, sidecar, stream, traces
from messages.base import Message
from messages.status import Party


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the catalogue."""

    senders: frozenset[Party]
    receivers: frozenset[Party]
    says: str


def _to(senders: str, receivers: str, says: str) -> Route:
    return Route(frozenset(senders.split()), frozenset(receivers.split()), says)  # type: ignore[arg-type]


LEAVES = "ingest stager auth sidecar facade baseline"

CATALOG: dict[type[Message], Route] = {
    lifecycle.Begin: _to("root supervisor", f"supervisor {LEAVES}", "This is who you are; start."),
    lifecycle.Ready: _to(LEAVES, "supervisor", "I took my Begin and can be spoken to."),
    lifecycle.PeersChanged: _to("supervisor", f"root {LEAVES}", "These are the addresses of everybody now."),
    lifecycle.Ping: _to("supervisor", LEAVES, "Are you there?"),
    lifecycle.Pong: _to(LEAVES, "supervisor", "I am here."),
    lifecycle.Knock: _to("root", "supervisor", "Does the tree still answer?"),
    lifecycle.Knocked: _to("supervisor", "root", "It does."),
    lifecycle.ActorFaulted: _to(LEAVES, "supervisor", "A handler of mine raised; I leave."),
    lifecycle.Leave: _to("supervisor", LEAVES, "Finish and exit."),
    lifecycle.Left: _to(LEAVES, "supervisor", "I am done."),
    lifecycle.StopTree: _to("root", "supervisor", "Let everybody leave."),
    lifecycle.TreeStopped: _to("supervisor", "root", "Everybody has left."),
    lifecycle.TreeReady: _to("supervisor", "root", "Everybody reported once."),
    lifecycle.TreeFailed: _to("supervisor", "root", "I cannot go on; reap us."),
    sidecar.StartSidecar: _to("supervisor", "sidecar", "Start a process as this generation."),
    sidecar.StopSidecar: _to("supervisor", "sidecar", "End the process, politely first."),
    sidecar.SidecarStarted: _to("sidecar", "supervisor", "The process exists."),
    sidecar.SidecarSpawnFailed: _to("sidecar", "supervisor", "The process could not be started."),
    sidecar.SidecarExited: _to("sidecar", "supervisor", "The process is gone and drained."),
    sidecar.HandshakeChanged: _to("sidecar", "supervisor", "The greeting got this far."),
    sidecar.StreamHealthChanged: _to("sidecar", "supervisor", "The stream answers, or does not."),
    auth.AccountUpdated: _to("sidecar", "auth", "The process itself says this of the account."),
    auth.LoginOpened: _to("sidecar", "auth", "The person has to go there."),
    auth.LoginEnded: _to("sidecar", "auth", "A login attempt ended."),
    auth.AuthCallFailed: _to("sidecar", "auth", "An auth request failed."),
    auth.SidecarInitialized: _to("sidecar", "auth", "A generation can be asked for its account."),
    auth.SidecarLost: _to("sidecar", "auth", "There is no process to prove anything."),
    auth.OpenLogin: _to("auth", "sidecar", "Open a login."),
    auth.AbandonLogin: _to("auth", "sidecar", "Give the login up."),
    auth.SendLogout: _to("auth", "sidecar", "Log out."),
    auth.ReadAccount: _to("auth", "sidecar", "Read the account."),
    auth.LoginRequested: _to("facade", "auth", "A person wants to log in."),
    auth.LoginCancelRequested: _to("facade", "auth", "A person gives the login up."),
    auth.LogoutRequested: _to("facade", "auth", "A person logs out."),
    auth.RetryAuthRequested: _to("facade supervisor", "auth", "A person wants the account read again."),
    auth.AuthStateChanged: _to("auth", "supervisor", "The auth state moved."),
    auth.AuthCommandDone: _to("auth", "facade", "An auth command got here."),
    stream.FrameBatch: _to("sidecar", "stager", "These lines came from the process."),
    stream.BatchSettled: _to("stager", "sidecar", "Everything up to here is accounted for."),
    stream.GenerationOpened: _to("sidecar", "stager", "A new process speaks from now on."),
    stream.GenerationClosed: _to("sidecar", "stager", "The process is gone; so many frames were read."),
    stream.ResendFrames: _to("stager", "sidecar", "Send again what comes after this."),
    stream.LiveWanted: _to("facade", "stager", "Somebody watches, or nobody does."),
    stream.LiveLines: _to("stager", "facade", "Redacted whole lines of an open item."),
    records.KeepCheckpoint: _to("stager", "ingest", "Keep what these frames came to."),
    records.CheckpointKept: _to("ingest", "stager", "It is durable."),
    records.CheckpointRefused: _to("ingest", "stager", "It does not fit; continue there."),
    records.StageOpened: _to("stager", "ingest", "I stage this generation from now on."),
    records.StageReset: _to("ingest", "stager", "Continue behind this frame."),
    records.ItemStored: _to("ingest", "facade", "An item is durable."),
    records.TurnStored: _to("ingest", "facade", "A turn ended and is durable."),
    records.KeepTransitions: _to("supervisor", "ingest", "Keep these changes of state."),
    records.TransitionsKept: _to("ingest", "supervisor", "They are durable."),
    records.KeepAudit: _to("root supervisor stager auth sidecar facade baseline", "ingest", "Do not forget this."),
    traces.KeepTraces: _to(
        "root supervisor stager auth sidecar facade baseline", "ingest", "I handled these messages."
    ),
    records.BaselineProbed: _to("ingest", "supervisor", "A probe write committed, or did not."),
    records.StoreSetAside: _to("ingest", "supervisor", "This store knows less than this run stored: begin a new one."),
    records.LedgerWanted: _to("facade", "ingest", "How does the ledger stand?"),
    records.LedgerTold: _to("ingest", "facade", "Like this."),
    pulls.PositionsWanted: _to("sidecar", "ingest", "How far are these threads stored?"),
    pulls.PositionsTold: _to("ingest", "sidecar", "This far."),
    pulls.KeepPulled: _to("sidecar", "ingest", "Keep what the history of the app-server has."),
    pulls.PulledKept: _to("ingest", "sidecar", "It is durable."),
    baseline.FilesWanted: _to("baseline", "ingest", "How far are these files stored?"),
    baseline.FilesTold: _to("ingest", "baseline", "This far."),
    baseline.KeepRecords: _to("baseline", "ingest", "Keep what these records came to."),
    baseline.RecordsKept: _to("ingest", "baseline", "It is durable."),
    baseline.RecordsRefused: _to("ingest", "baseline", "Nothing was written; continue there."),
    otlp.OtlpPart: _to("root", "baseline", "A piece of a body that somebody exports."),
    otlp.OtlpTaken: _to("baseline", "root", "I have it; more may come."),
    otlp.OtlpAnswered: _to("baseline", "root", "The request came to this."),
    otlp.OtlpGivenUp: _to("root", "baseline", "Nobody waits for this any more."),
    otlp.TurnTraced: _to("sidecar", "baseline", "Telemetry of this turn carries this trace."),
    otlp.SourceProbed: _to("root baseline", "supervisor", "This source of the baseline works, or does not."),
    calls.ThreadWanted: _to("facade", "sidecar", "A person wants a thread."),
    calls.TurnWanted: _to("facade", "sidecar", "A person says something."),
    calls.InterruptWanted: _to("facade", "sidecar", "A person interrupts."),
    calls.ApprovalGiven: _to("facade", "sidecar", "A person decided."),
    calls.ThreadSnapshotWanted: _to("facade", "sidecar", "A person wants this thread's history read again."),
    calls.CallDone: _to("sidecar", "facade", "The call ended like this."),
    calls.ApprovalAsked: _to("sidecar", "facade", "The process waits for a decision."),
    calls.ApprovalSettled: _to("sidecar", "facade", "It was answered."),
    calls.RestartSidecarRequested: _to("facade", "supervisor", "A person wants a new process."),
    calls.RecoverHybridRequested: _to("facade", "supervisor", "A person wants the live stream back."),
    calls.FallbackRequested: _to("facade", "supervisor", "A person wants no live stream for now."),
    config.SetKillSwitch: _to("facade", "supervisor", "A person turns the kill switch."),
    config.ChangeConfig: _to("facade", "supervisor", "A person changes what holds from the next start."),
    calls.SupervisionDone: _to("supervisor", "facade", "It came to this."),
    calls.StatusChanged: _to("supervisor", "facade", "Something changed."),
    facade.ClientSaid: _to("root", "facade", "A renderer sent these bytes."),
    facade.ClientGone: _to("root", "facade", "A renderer hung up."),
    facade.ToClient: _to("facade", "root", "Pass this on to that renderer."),
}


def may_say(sender: Party, message: Message, receiver: Party) -> bool:
    """Whether the catalogue has this line."""
    route = CATALOG.get(type(message))
    return route is not None and sender in route.senders and receiver in route.receivers
