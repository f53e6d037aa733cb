"""What a user can choose, and where it comes from: arguments, then the environment, then `STATE/config.toml`.

Every limit and deadline has a default and a bound in `messages/settings.py`; `limits` and `timing` here override them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from hybrid_capture.codex_binary import CodexNotFound, resolve_codex
from messages.settings import Limits, OtlpSettings, SidecarSettings, Timing, TraceSettings, TreeSettings, WatchSettings
from messages.status import AuthModeChoice
from storage.config import ConfigFile
from storage.dsn import is_dsn, label_of
from storage.errors import StoreNotWritable

STRIPPED = ("OPENAI_", "CODEX_", "HYBRID_CAPTURE_", "PYTHON")
"""Beginnings of variables that the app-server does not inherit: a login, a home or a proxy of the host's would leak in.
What it needs of them is given explicitly."""
PASSED_ON = frozenset(
    {
        "CODEX_HOME",
        "CODEX_APP_SERVER_LOGIN_ISSUER",
        "CODEX_REFRESH_TOKEN_URL_OVERRIDE",
        "CODEX_REVOKE_TOKEN_URL_OVERRIDE",
        "CODEX_CA_CERTIFICATE",
    }
)
"""Of those, what says where codex's own services are: addresses, no credentials. Who sets them means them for codex."""


class BadSettings(Exception):
    """A setting is missing or wrong. The text names it and says what to do; it shows no value."""


def default_state_dir() -> Path:
    """Where captured sessions live unless told otherwise."""
    return Path(platformdirs.user_state_dir("hybrid-capture"))


class Settings(BaseSettings):
    """Everything a host or a command line can set. Environment: `HYBRID_CAPTURE_` and the name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix="HYBRID_CAPTURE_", extra="forbid", frozen=True, hide_input_in_errors=True, env_nested_delimiter="__"
    )

    state_dir: Path = Field(default_factory=default_state_dir)
    """Folder for database, configuration, sockets and logs; made with mode 0700."""
    database: SecretStr | None = None
    """Where sessions are stored: a `postgresql://` DSN, or the path of an SQLite file; None: `capture.sqlite3` in the
    state folder. A password is better left to PGPASSFILE or ~/.pgpass; one in here is shown nowhere."""
    codex: Path | None = None
    """The codex binary, or the npm package's wrapper; None: looked for on PATH."""
    codex_home: Path | None = None
    """CODEX_HOME for the app-server; None leaves codex's own default."""
    codex_args: tuple[str, ...] = ("app-server", "--strict-config")
    """Arguments of the codex binary; strict, since without it codex runs an invalid config.toml on defaults."""
    codex_environment: dict[str, str] = Field(default_factory=dict, repr=False)
    """Variables for the app-server, on top of the cleaned environment."""
    cwd: Path | None = None
    """Working directory of the app-server and of new threads."""
    auth_mode: AuthModeChoice = "chatgpt"
    """`codex.appServerAuthMode`: chatgpt, or openly apiKey or none (a provider that needs no login)."""
    streaming: bool = True
    """False: capture without a live stream."""
    otlp: bool = True
    """False: no OTLP receiver and no gateway; telemetry is not captured."""
    otlp_port: int | None = Field(default=None, ge=0, le=65_535)
    """Port of the gateway on 127.0.0.1. None: the one of the last start, else 4318, else a free one, which is then
    remembered; 0: any free one, not remembered."""
    watch_codex: bool = True
    """Follow the rollout files of Codex (`sessions` and `archived_sessions` below its home). What is written while this
    is false is not stored later either."""
    watch_claude: bool = True
    """The same for the transcripts of Claude Code (`projects` below its home)."""
    claude_home: Path | None = None
    """Claude Code's own folder; None: CLAUDE_CONFIG_DIR or ~/.claude."""
    kill_switch: bool = False
    """True holds the stream kill switch on, whatever the config file says; false leaves it to the file's
    `codex.streamKillSwitch`."""
    links: bool = True
    """Look at the git repositories that sessions work in, and link sessions to commits. Nothing is written there."""
    traces: bool = True
    """Record the history of messages (types, ids, sizes, times; no content), for `hybrid-capture trace`."""
    trace_every: int = Field(default=1, ge=1, le=1_000_000)
    """Of so many histories one is recorded, whole. What was refused or failed always is."""
    record_decisions: bool = False
    """Write down what the machines are asked and decide, for `trace replay`: all texts masked, in private files
    below `STATE/recordings`, at most 64 of 64 MiB. It is for finding a fault: it slows capture down."""
    retention_days: int | None = Field(default=None, ge=1, le=36_500)
    """Sessions in which nothing happened for so many days are removed for good; None keeps them for ever."""
    python: Path = Field(default_factory=lambda: Path(sys.executable))
    """Interpreter of the root process; a frozen host names a real one here."""
    limits: Limits = Limits()
    timing: Timing = Timing()

    @field_validator("limits", "timing", mode="before")
    @classmethod
    def _numbers(cls, given: Any) -> Any:
        """The environment has nothing but words, and these take no word for a number."""
        if not isinstance(given, dict):
            return given
        return {
            name: int(value) if isinstance(value, str) and value.isdecimal() else value for name, value in given.items()
        }

    @field_validator("database")
    @classmethod
    def _readable(cls, database: SecretStr | None) -> SecretStr | None:
        """A DSN that cannot be read is told at once, without a word of it."""
        if database is not None and is_dsn(database.get_secret_value()):
            try:
                label_of(database.get_secret_value())
            except StoreNotWritable as error:
                raise ValueError(str(error)) from None
        return database

    @property
    def store(self) -> str:
        """Path or DSN of the store. For whoever opens it; never to be shown."""
        if self.database is not None:
            given = self.database.get_secret_value()
            return given if is_dsn(given) else os.path.abspath(self.state_dir / given)
        return str(self.state_dir.absolute() / "capture.sqlite3")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments before environment; no dotenv files, which a working directory could plant."""
        return init_settings, env_settings


def load_settings(state_dir: Path | None = None, **given: Any) -> Settings:
    """Settings for a state folder: `given` (None is not given), environment, then `STATE/config.toml`.

    Errors: BadSettings for arguments and environment; a file that cannot be trusted is left out, see `_from_file`.
    """
    arguments = {name: value for name, value in given.items() if value is not None}
    if state_dir is not None:
        arguments["state_dir"] = state_dir
    try:
        folder = Settings(**arguments).state_dir
        return Settings(**{**_from_file(folder, arguments), **arguments})
    except ValidationError as error:
        raise BadSettings(_told(error)) from None


def store_of(folder: Path) -> str:
    """Path or DSN of the store of a state folder, for reading verbs. Errors: BadSettings."""
    return load_settings(folder).store


def _from_file(folder: Path, arguments: dict[str, Any]) -> dict[str, Any]:
    """What the config file says and neither arguments nor environment do.

    A file with a fault says nothing, and is no error here: capture starts on the defaults, and the supervisor, which
    reads the same file, holds the kill switch on and says why. DESIGN decision 5.
    """
    chosen = ConfigFile(folder).load().settings
    taken = {name for name in chosen if f"HYBRID_CAPTURE_{name.upper()}" in os.environ}
    return {name: value for name, value in chosen.items() if name not in taken and name not in arguments}


def _told(error: ValidationError) -> str:
    problems = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_input=False)]
    return "; ".join(problems)[:1_000]


def tree_settings(
    settings: Settings, run_id: str, address: str = "", watch: WatchSettings | None = None
) -> TreeSettings:
    """What the tree is told; `address` is where the gateway listens, `watch` which files are followed.

    A codex that is not found is no error here: capture goes on without the stream.
    """
    codex_path: str | None = None
    missing = ""
    if settings.streaming:
        try:
            codex_path = str(resolve_codex(settings.codex, env_path=os.environ.get("PATH", "")))
        except CodexNotFound as error:
            missing = str(error)
    sidecar = SidecarSettings(
        codex_path=codex_path,
        codex_missing=missing,
        codex_args=settings.codex_args,
        codex_home=str(settings.codex_home) if settings.codex_home else None,
        cwd=str(settings.cwd.absolute()) if settings.cwd else None,
        environment=clean_environment(settings),
        auth_mode=settings.auth_mode,
        enabled=settings.streaming,
    )
    return TreeSettings(
        run_id=run_id,
        state_dir=str(settings.state_dir.absolute()),
        database=settings.store,
        retention_days=settings.retention_days,
        kill_switch=settings.kill_switch,
        links=settings.links,
        sidecar=sidecar,
        otlp=OtlpSettings(enabled=settings.otlp, address=address),
        watch=watch or WatchSettings(),
        traces=TraceSettings(on=settings.traces, every=settings.trace_every, decisions=settings.record_decisions),
        limits=settings.limits,
        timing=settings.timing,
    )


def clean_environment(settings: Settings) -> dict[str, str]:
    """The app-server's environment: ours without what could bring a foreign login, home or interpreter along."""
    kept = {name: value for name, value in os.environ.items() if name in PASSED_ON or not name.startswith(STRIPPED)}
    if settings.codex_home is not None:
        kept["CODEX_HOME"] = str(settings.codex_home.absolute())
    return kept | settings.codex_environment
