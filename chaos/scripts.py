"""What a stand-in is told to do: the prompt vocabulary and the process script.

Both stand-ins read this file: the scripted app-server (`scripted.py`) plays a whole turn, the loopback model
(`loopback_model.py`) makes the real codex play the same one. A prompt that starts with ``SCN:`` names the scenario;
everything after the first space is free text; any other prompt is ``plain``.

=====================  ==========================================================================================
``SCN:plain``          one agent message
``SCN:long:<n>``       one agent message in n deltas of 8 bytes
``SCN:flood:<n>``      n deltas as fast as they are taken; delta i is ``"%03d " % (i % 1000)``
``SCN:slow:<n>``       n deltas, one every 20 ms
``SCN:interrupt``      deltas without end, one every 20 ms: until turn/interrupt or a steer
``SCN:reasoning``      a reasoning item, then an agent message
``SCN:shell``          a command that needs no approval, then a message (``shell:fail`` exits 3)
``SCN:shell:approve``  a command that waits for the client's decision, then a message
``SCN:patch:approve``  a new file that waits for the client's decision, then a message (alias ``patch``)
``SCN:retry``          the provider's stream is cut once; the item starts again and completes
``SCN:cut``            the stream is cut on every attempt: the turn fails
``SCN:fail:<status>``  the provider answers this HTTP status (401, 429, 500): the turn fails
``SCN:refresh``        the provider answers 401 once; with external tokens this asks the client for new ones
``SCN:secret``         text and command output that hold PLANTED_SECRETS, cut across deltas
=====================  ==========================================================================================

Only the loopback model knows this:

=====================  ==========================================================================================
``SCN:gate``           one agent message, which waits until the test opens the gate (`Loopback.gate`)
``SCN:agent``          a sub-agent with a thread of its own, then a message; codex needs `multi_agent_v2` for it
=====================  ==========================================================================================

Only the scripted app-server knows these (the real program never does them on request):

=====================  ==========================================================================================
``SCN:crash``          dies by SIGKILL in mid turn; ``crash:<code>`` leaves by that exit code
``SCN:hang``           stops reading, answering and writing, stays alive (SIGTERM is not heard either)
``SCN:garbage``        malformed JSON, invalid UTF-8, a blank line, an unknown method, then carries on
``SCN:longline:<n>``   a delta line of exactly n bytes without its newline; item and turn repeat the text at their end
``SCN:orphan:<s>``     leaves a grandchild in its own session that sleeps s seconds (default 60)
=====================  ==========================================================================================

The process script is a JSON file named by HYBRID_CAPTURE_SCRIPT; its keys are the fields of `ProcessScript`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

SCRIPT_ENV = "HYBRID_CAPTURE_SCRIPT"
"""Path of the process script (JSON). Unset: every field has its default."""
SEED_ENV = "HYBRID_CAPTURE_SEED"
"""Integer seed of all ids. Unset: random ids."""
CLOCK_ENV = "HYBRID_CAPTURE_CLOCK_MS"
"""Epoch ms at which a ticking clock starts (each reading is 1 ms later). Unset: the real clock."""

DELTAS_MAX = 5_000_000
"""Most deltas one scenario may ask for; asking for more is cut to this."""
LINE_BYTES_MAX = 256 * 1024 * 1024
"""Longest line `longline` will write."""

PLAIN_TEXT = "Hello from the loopback model."
REASONING_SUMMARY = "**Planning** thinking about it"
REASONING_TEXT = "raw chain"
AFTER_REASONING_TEXT = "Answer after reasoning."
AFTER_TOOL_TEXT = "tool finished; done."
PARTIAL_TEXT = "partial answer then cut"
SHELL_COMMAND = "touch probe_created_file && ls probe_created_file"
SHELL_REASON = "probe: needs write access"
SAFE_COMMAND = "echo hello"
FAILING_COMMAND = "echo partial; exit 3"
PATCH_FILE = "patched.txt"
PATCH_LINES = ("line one", "line two")
LONG_WORD = "delta.. "
"""One delta of `long`: 8 bytes, so n deltas make 8 n bytes of text."""

# Written in pieces, so that no scanner takes this file for a leak. None of them was ever valid.
PLANTED_SECRETS: Mapping[str, str] = {
    "aws-access-key": "AKIA" + "QX7ZJ4NRWTPL2M5K",
    "github-token": "ghp_" + "w4Kz8TnR2vLq9XcY6bHs3JdF7mPe1AaU0gVo",
    "openai-key": "sk-" + "proj-Zq8vN3xT7wLk2RbY9cHs4JdF6mPe1AaU0gVoT5iB",
    "slack-token": "xoxb" + "-298374650192-837465019283-Kd83jfLs02mXzQpRtVwYbNcE",
    "url-password": "postgres://deploy:" + "hT9vQ2xZ7rKm@db.internal.test:5432/app",
}
"""Fake credentials `secret` plants, by kind. They must not survive redaction."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One turn's behaviour: ``SCN:name:arg free text``."""

    name: str
    arg: str = ""
    """What stood after the second colon; empty when nothing did."""

    def count(self, default: int, maximum: int = DELTAS_MAX) -> int:
        """The argument as a number from 0 to `maximum`; `default` when it is missing or no number."""
        return min(int(self.arg), maximum) if self.arg.isdecimal() else default


def scenario_of(prompt: str) -> Scenario:
    """The scenario a prompt asks for; `plain` when it names none. Never fails."""
    if not prompt.startswith("SCN:"):
        return Scenario("plain")
    words = prompt[4:].split(None, 1)
    name, _, arg = (words[0] if words else "plain").partition(":")
    if name == "patch" and not arg:
        arg = "approve"
    return Scenario(name, arg)


def secret_text() -> str:
    """The agent message of `secret`: every planted secret once, each on its own line."""
    return "\n".join(f"{kind} is {secret}" for kind, secret in PLANTED_SECRETS.items()) + "\n"


def secret_command() -> str:
    """A command that prints two planted secrets; a real shell can run it.

    codex 0.169 writes `[REDACTED_SECRET]` for some kinds in `command`, but leaves the output as it is.
    """
    return f"echo token={PLANTED_SECRETS['github-token']}; echo token={PLANTED_SECRETS['aws-access-key']}"


def secret_output() -> str:
    """What `secret_command` prints."""
    return f"token={PLANTED_SECRETS['github-token']}\ntoken={PLANTED_SECRETS['aws-access-key']}\n"


def pieces(text: str, size: int = 6) -> list[str]:
    """`text` cut into deltas of `size` characters (the last may be shorter)."""
    return [text[at : at + size] for at in range(0, len(text), size)]


@dataclass(frozen=True, slots=True)
class ProcessScript:
    """How the scripted app-server behaves as a process. Every key is optional.

    Errors: TypeError for an unknown key, so that a misspelt one is not silently ignored.
    """

    start: str = "serve"
    """`serve`; `exit`: leaves by `exit_code` before any stdout; `stdout_closed`: closes stdout and stays alive."""
    exit_code: int = 1
    """For `start: exit` and `initialize: crash_after`."""
    exit_message: str = ""
    """Written to stderr before `start: exit`."""
    frames_before_handshake: int = 0
    """configWarning notifications written before anything was read."""
    initialize: str = "answer"
    """`answer`; `hang`: never answers and reads no more; `crash_after`: answers, then leaves by `exit_code`."""
    initialize_delay_ms: int = 0
    ignore_stop: bool = False
    """Ignore the end of stdin and SIGTERM: only SIGKILL ends it."""
    auth: str = "home"
    """Stored login at start. `home`: what $CODEX_HOME/auth.json says; `none`, `apikey`, `chatgpt`; `expired`:
    account/read gives null and `fail:401` ends `unauthorized`; any other text is an authMode nobody knows."""
    auth_callback: bool = True
    """Send the unsolicited account/updated for stored ChatGPT (or unknown) credentials."""
    auth_callback_delay_ms: int = 50
    requires_openai_auth: bool | None = None
    """null: what config.toml says of its model provider (true when there is none)."""
    login: str = "succeed"
    """`succeed`, `fail` (login/completed success false), `no_update` (success, but no account/updated), `never`."""
    login_delay_ms: int = 20
    """Wait before a device-code login completes by itself; browser logins complete when their callback is called."""
    account_read: str = "answer"
    """`answer`; `error`: -32603; `hang`: no reply to account/read, everything else goes on."""
    plan: str = "pro"
    stop_delay_ms: int = 0
    """Wait between the end of stdin (or SIGTERM) and the exit."""
    lifetime_s_max: int = 3600
    """The process ends itself (SIGALRM) after this, hung or not: no stand-in outlives a forgotten test."""
    starts: tuple[Mapping[str, Any], ...] = field(default=())
    """Start n takes the keys of entry n over those above; the last entry stays. `[{"start":"exit"},{}]` crashes once,
    then serves. Starts are counted in $CODEX_HOME/scripted-starts."""

    def at_start(self, start: int) -> ProcessScript:
        """The script for start number `start` (1 = first)."""
        if not self.starts:
            return self
        overrides = self.starts[min(start, len(self.starts)) - 1]
        return dataclasses.replace(self, **{**overrides, "starts": ()})


def load_script(path: Path | None) -> ProcessScript:
    """The process script in this JSON file; the default one for None.

    Errors: OSError when it cannot be read, orjson.JSONDecodeError, TypeError for an unknown key.
    """
    if path is None:
        return ProcessScript()
    keys = orjson.loads(path.read_bytes())
    keys["starts"] = tuple(keys.get("starts", ()))
    return ProcessScript(**keys)


def script_json(script: ProcessScript) -> bytes:
    """The JSON text `load_script` reads back; only keys that differ from the default."""
    default = ProcessScript()
    names = (each.name for each in dataclasses.fields(ProcessScript))
    return orjson.dumps(
        {name: getattr(script, name) for name in names if getattr(script, name) != getattr(default, name)}
    )
