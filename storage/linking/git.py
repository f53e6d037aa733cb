"""Git as a subprocess that only reads: bounded in time and output, deaf to what a hostile repository configures.

No hook, no external diff, no textconv, no file system monitor, no signature program, no network: each is switched off
by option, by environment, or by a command that never asks for it. Nothing of the caller's `GIT_*` comes along, and of
the user's git configuration only the `safe.directory` entries, which are the user's own word on whom to trust.
"""

from __future__ import annotations

import os
import selectors
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

OUTPUT_BYTES_MAX = 64 * 1024 * 1024
"""What one command may say. Over: it is ended, and the round says that the history was too large."""
DEADLINE_S = 10.0
"""How long one command may take. Over: it is ended."""
ERROR_BYTES_MAX = 4_096
SAFE_MAX = 200

HARMLESS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.pager=cat",
    "core.quotePath=false",
    "core.alternateRefsCommand=true",
    "core.sshCommand=false",
    "core.askPass=",
    "credential.helper=",
    "diff.orderFile=/dev/null",
    "diff.suppressBlankEmpty=false",
    "gpg.program=false",
    "i18n.logOutputEncoding=UTF-8",
    "log.showSignature=false",
    "log.showRoot=true",
    "maintenance.auto=false",
    "gc.auto=0",
    "protocol.allow=never",
)
"""Settings of the repository that could run a program, or change what is read. A `-c` is stronger than all of them."""


class GitFailed(Exception):
    """Git gave no answer; the text says why, in one sentence, and holds nothing of a commit."""


class Git:
    """Runs git. `timer` (s) is for the deadline."""

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        deadline_s: float = DEADLINE_S,
        output_bytes_max: int = OUTPUT_BYTES_MAX,
        timer: Callable[[], float] = time.monotonic,
        in_child: Callable[[], object] | None = None,
    ) -> None:
        """`in_child` runs between fork and exec, in a process with one thread only. Errors: GitFailed when there is no
        git."""
        outer = os.environ if environment is None else environment
        found = shutil.which("git", path=outer.get("PATH", os.defpath))
        if found is None:
            raise GitFailed("git is not installed: install it, and sessions are linked to commits")
        self._git = found
        self._deadline_s = deadline_s
        self._output_bytes_max = output_bytes_max
        self._timer = timer
        self._in_child = in_child
        self._environment = {
            "PATH": outer.get("PATH", os.defpath),
            "HOME": "/nonexistent",
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_LAZY_FETCH": "1",
            # No transport at all: `protocol.allow` gives way to what a repository says of one protocol by name, and a
            # git before 2.45 does not know the line above, so it would fetch what a hostile partial clone lacks.
            "GIT_ALLOW_PROTOCOL": "",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_PAGER": "cat",
            "GIT_LITERAL_PATHSPECS": "1",
        }
        self._safe = self._trusted(outer)

    def read(self, folder: str | Path, *words: str, stdin: bytes = b"") -> bytes:
        """What `git WORDS` says in `folder`. Errors: GitFailed."""
        return self._run(str(folder), words, stdin, ())

    def write(self, folder: str | Path, *words: str, identity: str, stdin: bytes = b"") -> bytes:
        """The same for a command that writes; only the export of git notes asks for one. Errors: GitFailed."""
        name = (f"user.name={identity}", f"user.email={identity}@localhost", "commit.gpgSign=false")
        return self._run(str(folder), words, stdin, name)

    def _run(self, folder: str, words: Iterable[str], stdin: bytes, settings: Iterable[str]) -> bytes:
        command = [self._git, "--no-pager", "-C", folder]
        for setting in (*HARMLESS, *self._safe, *settings):
            command += ["-c", setting]
        try:
            process = subprocess.Popen(
                [*command, *words],
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._environment,
                cwd="/",
                preexec_fn=self._in_child,
            )
        except OSError as error:
            raise GitFailed(f"git cannot be run: {error.strerror}") from error
        with process:
            try:
                out, err = self._exchange(process, stdin)
            except BaseException:  # a time limit, a signal: no git may outlive the question
                process.kill()
                raise
            code = process.wait()
        if code != 0:
            raise GitFailed(_first_line(err) or f"git ended with exit code {code}")
        return out

    def _exchange(self, process: subprocess.Popen[bytes], stdin: bytes) -> tuple[bytes, bytes]:
        """Feed and read at once, so that neither side waits for the other; stop at the bounds."""
        assert process.stdout
        assert process.stderr
        end = self._timer() + self._deadline_s
        out: list[bytes] = []
        said, err, left = 0, b"", memoryview(stdin)
        with selectors.DefaultSelector() as waiting:
            for pipe in (process.stdout, process.stderr):
                waiting.register(pipe, selectors.EVENT_READ)
            if process.stdin is not None:
                os.set_blocking(process.stdin.fileno(), False)
                waiting.register(process.stdin, selectors.EVENT_WRITE)
            while waiting.get_map():
                rest_s = end - self._timer()
                ready = waiting.select(rest_s) if rest_s > 0 else []
                if not ready:
                    raise GitFailed(f"git did not answer within {self._deadline_s:g} s")
                for key, _ in ready:
                    if key.fileobj is process.stdin:
                        try:
                            left = left[os.write(key.fd, left[:65_536]) :]
                        except BrokenPipeError:
                            left = left[len(left) :]
                        if not left:
                            waiting.unregister(key.fileobj)
                            process.stdin.close()
                        continue
                    chunk = os.read(key.fd, 262_144)
                    if not chunk:
                        waiting.unregister(key.fileobj)
                    elif key.fileobj is process.stderr:
                        err = (err + chunk)[:ERROR_BYTES_MAX]
                    else:
                        out.append(chunk)
                        said += len(chunk)
                        if said > self._output_bytes_max:
                            raise GitFailed(f"git said more than {self._output_bytes_max:,} bytes")
        return b"".join(out), err

    def _trusted(self, outer: Mapping[str, str]) -> tuple[str, ...]:
        """The user's own `safe.directory` entries: without them git refuses repositories that another user owns."""
        try:
            said = subprocess.run(
                [self._git, "config", "--null", "--get-all", "safe.directory"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env={name: outer[name] for name in ("PATH", "HOME", "XDG_CONFIG_HOME") if name in outer},
                cwd="/",
                timeout=self._deadline_s,
                check=False,
            ).stdout
        except (OSError, subprocess.TimeoutExpired):
            return ()
        entries = said.decode(errors="replace").split("\0")[:-1]
        return tuple(f"safe.directory={each}" for each in entries[-SAFE_MAX:])


def _first_line(err: bytes) -> str:
    """Git's own words, without the folder's owner and the advice that follow."""
    text = err.decode(errors="replace").strip().split("\n")[0].removeprefix("fatal: ")
    if "dubious ownership" in text:
        return "another user owns the repository: `git config --global --add safe.directory PATH` if you trust it"
    return text[:300]
