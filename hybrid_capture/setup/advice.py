"""What somebody gains and gives away by letting a tool send its telemetry here. Shown before the change.

Every sentence was seen with codex 0.169 and claude 2.1.
"""

from __future__ import annotations

from hybrid_capture.setup.wish import Tool, Wish

GAINS: dict[Tool, tuple[str, ...]] = {
    "codex": (
        "every session of this Codex home is captured as it happens, whoever runs it: requests, tokens, tool calls",
        "what happens while the live stream is down is still stored, and stored once",
    ),
    "claude": (
        "requests, tokens, cost, tool decisions and results of every session arrive as they happen",
        "timings and costs that no transcript holds",
    ),
}
GIVES: dict[Tool, tuple[str, ...]] = {
    "codex": (
        "commands, their arguments and their output are sent, whatever --prompts says",
        "with a ChatGPT login every event names the account's e-mail address and id",
    ),
    "claude": (
        "settings.json then holds the receiver's token: with it one can write here, and read nothing (commands that "
        "Claude runs do not see it)",
        "no event says in which folder or branch it happened: transcripts say that",
    ),
}
PROMPTS: dict[Tool, tuple[str, str]] = {
    "codex": (
        "prompts are left out of the telemetry (rollout files hold them anyway)",
        "prompts are part of the telemetry",
    ),
    "claude": (
        "prompts, answers and the details of tools are left out of the telemetry (transcripts hold them anyway)",
        "prompts, answers, commands and what tools were given are part of the telemetry",
    ),
}


def gains(tool: Tool, wish: Wish) -> list[str]:
    told = list(GAINS[tool])
    if wish.hook is not None:
        told.append("a hook tells where each transcript is, in the background; it cannot stop or decide anything")
    if wish.prompts:
        told.append(PROMPTS[tool][1])
    return told


def gives(tool: Tool, wish: Wish) -> list[str]:
    told = list(GIVES[tool])
    if wish.prompts is False:
        told.append(PROMPTS[tool][0])
    if wish.endpoint.remote:
        told.append("all of this leaves this machine")
    return told
