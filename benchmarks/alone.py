"""Running a program without any network but a loopback interface of its own.

Some of what stands beside ours listens on every interface, or looks for hosts outside. It is run like this, or not.
"""

from __future__ import annotations

import os
import subprocess

_AS_ROOT = () if hasattr(os, "geteuid") and os.geteuid() == 0 else ("--map-root-user",)
ALONE = ("unshare", "--net", *_AS_ROOT, "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
"""In front of the words of a command."""
IMPOSSIBLE = "there is no network namespace to be had, and it is run in no other network"


def possible() -> bool:
    """Whether this machine and this user can have such a network."""
    try:
        return subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False
