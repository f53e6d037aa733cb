// Printed from messages/ by `python -m hybrid_capture.contracts`; a test holds the two together. Do not edit.

export const CONTRACT = "820e080723ea0c3c";
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
