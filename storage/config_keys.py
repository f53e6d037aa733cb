"""What may stand in `config.toml`, strictly: every key, its type, and the setting that it is.

Keys under `[codex]` have upstream's spelling. There is one kill switch and one place for it: `codex.streamKillSwitch`.
"""

from __future__ import annotations

import tomllib
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from messages.settings import Limits, Timing
from messages.status import AuthModeChoice

PLACE_CHARS_MAX = 80
"""Of a key that is named in an error; its value never is."""
_CLOSED = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class BadContent(Exception):
    """The content is not a config. The text continues a sentence that begins with the file's name."""


class CodexKeys(BaseModel):
    """The table `[codex]`."""

    model_config = _CLOSED

    kill_switch: bool | None = Field(default=None, alias="streamKillSwitch")
    auth_mode: AuthModeChoice | None = Field(default=None, alias="appServerAuthMode")


class ConfigKeys(BaseModel):
    """The whole file. What is absent is left to the defaults."""

    model_config = _CLOSED

    revision: int = Field(default=0, ge=0)
    """Counts the changes; 0 in a file that the runtime never wrote."""
    codex: CodexKeys = CodexKeys()
    database: str | None = Field(default=None, repr=False)
    codex_home: str | None = None
    codex_args: list[str] | None = None
    codex_environment: dict[str, str] | None = Field(default=None, repr=False)
    cwd: str | None = None
    streaming: bool | None = None
    links: bool | None = None
    otlp: bool | None = None
    watch_codex: bool | None = None
    watch_claude: bool | None = None
    claude_home: str | None = None
    otlp_port: int | None = Field(default=None, ge=0, le=65_535)
    python: str | None = None
    traces: bool | None = None
    trace_every: int | None = Field(default=None, ge=1, le=1_000_000)
    record_decisions: bool | None = None
    retention_days: int | None = Field(default=None, ge=1, le=36_500)
    limits: Limits | None = None
    timing: Timing | None = None

    def settings(self) -> dict[str, Any]:
        """What the file chooses, by the names of the settings. The kill switch is not among them: the supervisor
        reads it from the file itself, or a running runtime could never leave it."""
        chosen = self.model_dump(exclude={"revision", "codex"}, exclude_unset=True)
        if self.codex.auth_mode is not None:
            chosen["auth_mode"] = self.codex.auth_mode
        return {name: value for name, value in chosen.items() if value is not None}


FILE_KEYS = {"kill_switch": ("codex", "streamKillSwitch"), "auth_mode": ("codex", "appServerAuthMode")}
"""Settings that stand in the file under another name. All others are top-level keys of their own name."""
CHANGEABLE = frozenset({*FILE_KEYS, *ConfigKeys.model_fields} - {"revision", "codex"})
"""What `ConfigFile.change` takes."""


def parse(content: bytes) -> ConfigKeys:
    """The keys of a config file. Errors: BadContent, which names the line or the key and never shows a value."""
    if not content.strip():
        raise BadContent("is empty")
    try:
        table = tomllib.loads(content.decode())
    except ValueError as error:
        # A whole number of more than 4,300 digits is a bare ValueError of Python's own.
        known = {tomllib.TOMLDecodeError: str(error), UnicodeDecodeError: "not UTF-8"}
        where = known.get(type(error), "a number is out of range")
        raise BadContent(f"is not valid TOML ({where})") from None
    except RecursionError:
        raise BadContent("is not valid TOML (nested too deeply)") from None
    try:
        keys = ConfigKeys.model_validate(table)
    except ValidationError as error:
        raise BadContent(_told(error)) from None
    if keys.revision and keys.codex.kill_switch is None:
        # The runtime never writes a revision without it: somebody cut it out, or the rest of the file is lost.
        raise BadContent("has no codex.streamKillSwitch: say true or false")
    return keys


def _told(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(map(str, first["loc"]))[:PLACE_CHARS_MAX]
    if first["type"] == "extra_forbidden":
        return f"has the unknown key {place}"
    return f"has a wrong value at {place}: {first['msg'][:200]}"
