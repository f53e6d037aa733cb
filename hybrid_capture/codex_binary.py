"""Finding the native codex binary.

The npm package `@openai/codex` puts a `codex` on the PATH that is a Node script; the program itself lies in a package
of its own, one per platform. We must start the program: SIGKILL on the script leaves the native child alive, holding
its pipes (measured with 0.169.0). So a wrapper is followed to the binary behind it, and never started.

Imports nothing of ours: the supervisor, `doctor` and the tests all use it.
"""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path

PACKAGE = "@openai/codex"
VERSION_WAIT_S = 20.0
"""A cold disk needs seconds to load the binary for the first time."""
INSTALL_HINT = f"install it with `npm install -g {PACKAGE}`, or set the path of the native binary"


class CodexNotFound(Exception):
    """There is no usable native codex binary; the message says what to do about it."""


def resolve_codex(explicit: Path | None, *, env_path: str, search: Sequence[Path] = ()) -> Path:
    """The native codex binary, as an absolute path.

    `explicit` (a binary, an npm wrapper or a `node_modules` folder) wins and is never replaced by another; then the
    `node_modules` folders of `search` in order; then the folders of `env_path` (the text of PATH). Nothing is started.
    Errors: CodexNotFound.
    """
    if explicit is not None:
        if explicit.is_dir():
            return _from_modules(explicit) or _missing_native(explicit)
        if not explicit.exists():
            raise CodexNotFound(f"{explicit} does not exist; {INSTALL_HINT}")
        return _native(explicit)
    for folder in search:
        found = _from_modules(folder)
        if found is not None:
            return found
    for name in env_path.split(os.pathsep):
        candidate = Path(name or ".", _program_name())
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return _native(candidate)
    places = " or in ".join(["on PATH", *map(str, search)])
    raise CodexNotFound(f"codex was not found {places}; {INSTALL_HINT}")


def codex_version(binary: Path, *, wait_s: float = VERSION_WAIT_S) -> str:
    """What `codex --version` says, such as `0.169.0`. Starts the program, without a CODEX_HOME of ours.

    Errors: CodexNotFound when it does not start, does not answer in time or answers something else.
    """
    try:
        done = subprocess.run([binary, "--version"], capture_output=True, timeout=wait_s, check=False)
    except (OSError, subprocess.TimeoutExpired) as failure:
        raise CodexNotFound(f"{binary} --version failed: {failure}; {INSTALL_HINT}") from failure
    words = done.stdout.decode(errors="replace").split()
    if done.returncode != 0 or len(words) != 2 or not words[0].startswith("codex"):
        raise CodexNotFound(f"{binary} is not codex: --version said {done.stdout[:80]!r}; {INSTALL_HINT}")
    return words[1]


def require_version(binary: Path, minimum: tuple[int, int, int]) -> str:
    """The version, when it is at least `minimum`. Errors: CodexNotFound."""
    version = codex_version(binary)
    numbers = version.partition("-")[0].split(".")
    wanted = ".".join(str(part) for part in minimum)
    if not all(part.isdecimal() for part in numbers) or tuple(int(part) for part in numbers) < minimum:
        raise CodexNotFound(
            f"{binary} is codex {version}, but {wanted} or later is needed: run `npm install -g {PACKAGE}`"
        )
    return version


def _native(path: Path) -> Path:
    """The binary at `path`, or behind the npm wrapper at `path`. Errors: CodexNotFound."""
    real = path.resolve()
    if _is_script(real) and real.name == "codex.js":
        # <modules>/@openai/codex/bin/codex.js; the native package lies beside or inside it.
        package = real.parent.parent
        for modules in (package.parent.parent, package / "node_modules"):
            found = _from_modules(modules)
            if found is not None:
                return found
        own = _vendored(package)
        return own or _missing_native(path)
    if not real.is_file():
        raise CodexNotFound(f"{path} is not a file; {INSTALL_HINT}")
    if not os.access(real, os.X_OK):
        raise CodexNotFound(f"{path} is not executable: run `chmod +x {path}`, or {INSTALL_HINT}")
    return path.absolute()


def _missing_native(path: Path) -> Path:
    package = f"{PACKAGE}-{npm_platform()}"
    raise CodexNotFound(
        f"{path} is the npm package without its native part {package}: run `npm install -g {PACKAGE}` again, "
        "without --omit=optional"
    )


def _from_modules(modules: Path) -> Path | None:
    """The binary in this `node_modules` folder, None when it has none."""
    return _vendored(modules / f"{PACKAGE}-{npm_platform()}") or _vendored(modules / PACKAGE)


def _vendored(package: Path) -> Path | None:
    for binary in sorted(package.glob(f"vendor/*/bin/{_program_name()}")):
        if binary.is_file():
            if not os.access(binary, os.X_OK):
                raise CodexNotFound(f"{binary} is not executable: run `chmod +x {binary}`")
            return binary.absolute()
    return None


def _is_script(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(2) == b"#!"
    except OSError as failure:
        raise CodexNotFound(f"{path} cannot be read: {failure.strerror}; {INSTALL_HINT}") from failure


def _program_name() -> str:
    return "codex.exe" if os.name == "nt" else "codex"


def npm_platform() -> str:
    """npm's words for this machine, such as `linux-x64`."""
    systems = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}
    machines = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
    machine = platform.machine().lower()
    return f"{systems.get(platform.system(), platform.system().lower())}-{machines.get(machine, machine)}"
