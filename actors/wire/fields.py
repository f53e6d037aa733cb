"""The names upstream uses, so that a new one is noticed: counted, never fatal.

From codex 0.169: `codex app-server generate-json-schema`, ServerNotification.json (86 notifications), and the two
`raw…` ones that only `generate-ts` lists (sent to nobody who did not ask for `experimentalRawEvents`).
"""

from __future__ import annotations


def _table(text: str) -> dict[str, frozenset[str]]:
    rows = (line.partition(":") for line in text.replace("\n  ", " ").strip().splitlines())
    return {name: _names(names) for name, _, names in rows}


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


NOTIFICATIONS = _table("""
error: error threadId turnId willRetry
thread/started: thread
thread/status/changed: status threadId
thread/readState/changed: readState threadId
thread/archived: threadId
thread/deleted: threadId
thread/unarchived: threadId
thread/closed: threadId
thread/reverted: threadId
skills/changed:
thread/name/updated: threadId threadName
thread/section/changed: sectionId threadId
thread/attachment/updated: attachmentId attachmentType identityKey operation threadId
thread/goal/updated: goal threadId turnId
thread/prediction/updated: result sourceTurnId threadId
thread/goal/cleared: threadId
thread/queue/changed: threadId
project/changed: changeType projectId
thread/project/updated: projectId threadId
thread/environment/connected: environmentId threadId
thread/environment/disconnected: environmentId threadId
thread/settings/updated: threadId threadSettings
thread/tokenUsage/updated: threadId tokenUsage turnId
turn/started: threadId turn
hook/started: run threadId turnId
turn/completed: threadId turn
hook/completed: run threadId turnId
turn/diff/updated: diff threadId turnId
turn/plan/updated: explanation plan threadId turnId
item/started: item startedAtMs threadId turnId
item/autoApprovalReview/started: action review reviewId startedAtMs targetItemId threadId turnId
item/autoApprovalReview/completed: action completedAtMs decisionSource review reviewId startedAtMs
  targetItemId threadId turnId
autoApprovalReview/strictReviewRequired: startedAtMs threadId turnId
item/completed: completedAtMs contentTokenCount item threadId turnId
item/agentMessage/delta: delta itemId threadId turnId
item/plan/delta: delta itemId threadId turnId
command/exec/outputDelta: capReached deltaBase64 processId stream
process/outputDelta: capReached deltaBase64 processHandle stream
process/exited: exitCode outputDrainTimedOut processHandle stderr stderrCapReached stdout stdoutCapReached
item/commandExecution/outputDelta: delta itemId threadId turnId
item/commandExecution/terminalInteraction: itemId processId stdin threadId turnId
item/fileChange/outputDelta: delta itemId threadId turnId
item/fileChange/patchUpdated: changes itemId threadId turnId
serverRequest/resolved: requestId threadId
item/mcpToolCall/progress: itemId message threadId turnId
mcpServer/oauthLogin/completed: error loginId name success threadId
mcpServer/startupStatus/updated: error failureReason name status threadId
mcpServer/event/stream/notification: notification subscriptionId
account/updated: authMode planType
account/gatewayOAuth/changed: authUrl error loginId providerId status
account/rateLimits/updated: rateLimits
app/list/updated: data
remoteControl/status/changed: environmentId installationId serverName status
externalAgentConfig/import/progress: importId itemTypeResults
externalAgentConfig/import/completed: importId itemTypeResults
fs/changed: changedPaths watchId
item/reasoning/summaryTextDelta: delta itemId summaryIndex threadId turnId
item/reasoning/summaryPartAdded: itemId summaryIndex threadId turnId
item/reasoning/textDelta: contentIndex delta itemId threadId turnId
thread/compacted: threadId turnId
model/rerouted: fromModel reason threadId toModel turnId
model/verification: threadId turnId verifications
modelProvider/authRecoveryStarted: message provider threadId turnId
modelProvider/authRecoveryCompleted: message provider threadId turnId
turn/moderationMetadata: metadata threadId turnId
model/safetyBuffering/updated: fasterModel model reasons showBufferingUi threadId turnId useCases
warning: message threadId
guardianWarning: message threadId
deprecationNotice: details summary
configWarning: details path range summary
fuzzyFileSearch/sessionUpdated: files query sessionId
fuzzyFileSearch/sessionCompleted: sessionId
thread/realtime/started: realtimeSessionId threadId version
thread/realtime/itemAdded: item threadId
thread/realtime/item/started: item threadId
thread/realtime/item/transcript/delta: delta itemId threadId
thread/realtime/item/completed: item threadId
thread/realtime/transcript/delta: delta role threadId
thread/realtime/transcript/done: role text threadId
thread/realtime/outputAudio/delta: audio threadId
thread/realtime/sdp: sdp threadId
thread/realtime/error: message threadId
thread/realtime/closed: reason threadId
windows/worldWritableWarning: extraCount failedScan samplePaths
windowsSandbox/setupCompleted: error mode success
account/login/completed: error loginId onboardingEntrypoint success
rawResponseItem/completed: item threadId turnId
rawResponse/completed: responseId threadId turnId usage usageMetadata
""")
"""Every notification's method, and the fields of its params."""

ITEMS = {
    kind: names | {"id", "type", "startedAtMs", "completedAtMs"}
    for kind, names in _table("""
userMessage: clientId content
hookPrompt: fragments
agentMessage: delivery memoryCitation moderation phase questions text
functionCallOutput: name namespace output
plan: text
reasoning: content summary
commandExecution: aggregatedOutput command commandActions cwd durationMs exitCode pluginId processId scriptPath
  source status
fileChange: changes status
mcpToolCall: appContext arguments durationMs error mcpAppResourceUri mcpAppUi pluginId readOnlyHint result
  server status tool
dynamicToolCall: arguments contentItems durationMs namespace status success tool
collabAgentToolCall: agentsStates model prompt reasoningEffort receiverThreadIds senderThreadId status tool
subAgentActivity: agentPath agentThreadId kind model reasoningEffort
webSearch: action query results
imageView: path
sleep: durationMs
imageGeneration: failure generationId inputImages revisedPrompt savedPath status transparentBackground
enteredReviewMode: review
exitedReviewMode: review
contextCompaction:
""").items()
}
"""Every item type, and its fields."""

THREAD = _names("""
agentNickname agentRole attachedToThreadId canAcceptDirectInput cliVersion createdAt cwd daybreakEnabled
environments ephemeral extra forkedFromId gitInfo historyMode id model modelProvider name originator parentThreadId
path preview projectId reasoningEffort recencyAt section sectionEnteredAt sessionId source status threadSource turns
updatedAt
""")
"""The fields of a thread."""

TURN = _names("completedAt durationMs error id items itemsView rootTurnId startedAt status")
"""The fields of a turn."""

SERVER_REQUESTS = _names("""
item/commandExecution/requestApproval item/fileChange/requestApproval item/tool/requestUserInput
mcpServer/elicitation/request item/permissions/requestApproval item/tool/call account/chatgptAuthTokens/refresh
attestation/generate applyPatchApproval execCommandApproval currentTime/read
""")
"""Every method upstream may ask of us."""
