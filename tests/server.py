"""A real PostgreSQL server for tests: own folder, loopback only, an unprivileged user, ended by its id.

It uses the system's package (Debian: `postgresql`). Each store gets a schema of its own, which takes no time. The
driver is loaded by those who start one: every other test runs without it.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pwd import struct_passwd

from tests.ports import reserved

PATIENCE_S = 30
WANTED = ("postgres", "initdb")
INSTALL = (
    "install PostgreSQL's server (Debian: apt-get install postgresql), or leave these tests out: -m 'not postgres'"
)


class NoServer(Exception):
    """There is no PostgreSQL server program here. The text says what to install."""


def binaries() -> Path:
    """The folder of the server's programs; Debian keeps them off PATH. Errors: NoServer."""
    found = shutil.which("postgres")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if all((place / name).exists() for name in WANTED):
            return place
    raise NoServer(f"no PostgreSQL server program was found: {INSTALL}")


def account() -> struct_passwd | None:
    """Whom to run it as: the server refuses to run as root. None: as who we are. Errors: NoServer."""
    if os.getuid() != 0:
        return None
    import pwd  # Windows has none, and every test loads this file

    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoServer("there is no user `postgres` or `nobody` to run the server as")


class PostgresServer:
    """A running server. `dsn()` gives a fresh schema's; `kill` and `start` are for tests of what breaks."""

    def __init__(self) -> None:
        self._programs = binaries()
        self._account = account()
        self._folder = Path(tempfile.mkdtemp(prefix="hc-pg-"))
        self._numbers = itertools.count(1)
        self.password = "pw-" + secrets.token_hex(12)
        self._process: subprocess.Popen[bytes] | None = None
        self._held = contextlib.ExitStack()
        self.port = self._held.enter_context(reserved())  # while it initialises, and while it is killed and started
        if self._account is not None:
            os.chown(self._folder, self._account.pw_uid, self._account.pw_gid)
        secret = self._folder / "password"
        secret.write_text(self.password)
        if self._account is not None:
            os.chown(secret, self._account.pw_uid, self._account.pw_gid)
        self._run(
            "initdb", "--pgdata", str(self._folder / "data"), "--username=capture", f"--pwfile={secret}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync",
        )  # fmt: skip

    def start(self) -> None:
        """Start, and wait until it answers."""
        log = (self._folder / "log").open("ab")
        self._process = subprocess.Popen(
            [
                str(self._programs / "postgres"), "-D", str(self._folder / "data"), "-p", str(self.port),
                "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self._folder}",
                # No power cut comes in a test: what a killed server wrote is still in the kernel's cache.
                "-c", "fsync=off", "-c", "max_connections=50", "-c", "shared_buffers=16MB",
            ],
            cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self._who(),
        )  # fmt: skip
        log.close()
        self._await()

    def _await(self) -> None:
        import psycopg

        assert self._process is not None
        for _ in range(PATIENCE_S * 10):
            try:
                psycopg.connect(self._admin(), connect_timeout=PATIENCE_S).close()
                return
            except psycopg.OperationalError:
                try:
                    self._process.wait(0.1)
                except subprocess.TimeoutExpired:
                    continue
                break
        raise NoServer(f"the server did not start: {(self._folder / 'log').read_text()[-2_000:]}")

    def dsn(self) -> str:
        """The DSN of an empty schema that nobody has used."""
        schema = f"capture_{next(self._numbers)}"
        self.ask(f"CREATE SCHEMA {schema}")
        return f"{self._admin()}?options=-csearch_path%3D{schema}"

    def ask(self, sql: str, dsn: str | None = None) -> list[tuple[object, ...]]:
        """Run a statement past the store."""
        import psycopg

        with psycopg.connect(dsn or self._admin(), autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def hang_up(self) -> None:
        """End every connection but the asking one, as an administrator would."""
        self.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                 " AND backend_type = 'client backend'")  # fmt: skip

    def kill(self) -> None:
        """SIGQUIT: the server leaves at once without writing anything, and recovers at its next start."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(PATIENCE_S)

    def log(self) -> bytes:
        """What the server wrote down."""
        return (self._folder / "log").read_bytes()

    def end(self) -> None:
        """End the server and remove everything."""
        if self._process is not None and self._process.poll() is None:
            self.kill()
        self._held.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _admin(self) -> str:
        return f"postgresql://capture:{self.password}@127.0.0.1:{self.port}/postgres"

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            cwd=self._folder, capture_output=True, text=True, timeout=120, check=False, **self._who(),
        )  # fmt: skip
        if done.returncode:
            raise NoServer(f"{program} failed: {done.stderr[-2_000:]}")

    def _who(self) -> dict[str, object]:
        if self._account is None:
            return {}
        return {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """A server from here to the end. Errors: NoServer."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.end()
