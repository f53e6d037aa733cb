"""What has to hold on every system asks none for what Windows lacks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.systems import posix

ROOT = Path(__file__).resolve().parent.parent
LOADED = """
import asyncio, importlib, multiprocessing.spawn, os, pkgutil, shutil, signal, socket, sys, tempfile
import hypothesis, peewee, psutil, pydantic_settings, pytest
for name in ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"):
    sys.modules[name] = None
for place, names in (
    (os, "O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK fchmod fork getsid getuid killpg mkfifo nice pread"),
    (os, "register_at_fork"),
    (signal, "SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGCONT SIGUSR1"),
    (socket, "AF_UNIX CMSG_SPACE MSG_DONTWAIT"),
):
    for name in names.split():
        delattr(place, name)
loaded = 0
for name in ("messages", "actors.machines", "actors.wire", "storage"):
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        importlib.import_module(module.name)
        loaded += 1
import tests.conftest
print(loaded)
"""
"""The rings that CI runs on Windows, and what every test of them loads, where all that is missing. What others need of
it they took before."""


@posix
def test_the_portable_rings_and_their_tests_load_without_what_windows_lacks() -> None:
    told = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert told.returncode == 0, told.stderr
    assert int(told.stdout) > 100
