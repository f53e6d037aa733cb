"""A home and an environment in which the real `claude` talks to nobody but a loopback Messages API.

Measured with claude 2.1: with this environment no request leaves the machine. The key is fake.
"""

from __future__ import annotations

import os
from pathlib import Path

from chaos.loopback import proxy_variables

FAKE_API_KEY = "sk-ant-" + "probe-not-a-real-key"


def claude_env(home: Path, url: str) -> dict[str, str]:
    """A clean environment for a claude that may only reach `url`; `home` becomes its HOME and is made.

    Its own folder (CLAUDE_CONFIG_DIR) is `<home>/.claude`. Nothing of the caller's environment is passed on but PATH
    and the locale. IS_SANDBOX lets root run it without asking about tools, as a container would.
    """
    home.mkdir(parents=True, exist_ok=True)
    env = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in os.environ}
    return env | {
        "HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(home / ".claude"),
        "SHELL": "/bin/bash",
        "TERM": "xterm",
        "ANTHROPIC_API_KEY": FAKE_API_KEY,
        "ANTHROPIC_BASE_URL": url,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "IS_SANDBOX": "1",
        **proxy_variables(url),
    }
