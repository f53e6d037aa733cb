// Printed from messages/ by `python -m hybrid_capture.contracts`; a test holds the two together. Do not edit.

export const CONTRACT = "203795603d9f3846";
export const COMMANDS = [
  "getTransitions",
  "getSessions",
  "getSession",
  "searchSessions",
  "getCodexStreamDedupeLog",
  "getTrace",
  "getIngestConfig",
  "getMetrics",
  "getStatus",
  "startThread",
  "startTurn",
  "interruptTurn",
  "submitApproval",
  "startLogin",
  "cancelLogin",
  "logout",
  "retryAuth",
  "restartSidecar",
  "recoverHybrid",
  "fallbackToOtelOnly",
  "setStreamKillSwitch",
  "codexAppServerRequestThreadSnapshot",
  "updateIngestConfig",
  "subscribe",
];
