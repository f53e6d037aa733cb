"""A desktop program that embeds capture and shows the panel in a window of its own.

    python -m pip install 'hybrid-capture[desktop]'
    python examples/desktop.py --state-dir ~/.my-desktop/capture

The window is the system's web view through pywebview: WebKitGTK or Qt on Linux, WKWebView on macOS, WebView2 on
Windows. On Linux that is Debian's `python3-gi gir1.2-webkit2-4.1` or `pip install 'pywebview[qt]'`. The page is the one
that a browser gets: the same address with its one-time code, the same rules, no other door into the host. Capture runs
in processes of its own, so a slow or crashed web view costs it nothing.
"""

from __future__ import annotations

import argparse
import re
import sys
import threading
import urllib.request
from pathlib import Path

import webview

from hybrid_capture import CaptureRuntime, Settings
from hybrid_capture.panel_tokens import read_token


def main(arguments: list[str] | None = None) -> int:
    """Capture for as long as the window is open."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--codex", type=Path, help="looked for on PATH otherwise")
    parser.add_argument("--codex-home", type=Path)
    parser.add_argument("--gui", choices=["gtk", "qt"], help="which web view; the system's own otherwise")
    parser.add_argument(
        "--close-when-shown", action="store_true", help="end as soon as the panel shows a mode; for tests"
    )
    given = parser.parse_args(arguments)

    settings = Settings(state_dir=given.state_dir, codex=given.codex, codex_home=given.codex_home, otlp_port=0)
    with CaptureRuntime(settings) as runtime:
        window = webview.create_window("Capture", runtime.panel_address(), width=1200, height=800)
        shown = threading.Event()
        if given.close_when_shown:
            threading.Thread(target=_close_when_shown, args=(window, given.state_dir, shown), daemon=True).start()
        # Private: nothing of the page outlives the window. Returns when the window is closed.
        webview.start(gui=given.gui, private_mode=True)
    print("the panel was shown" if shown.is_set() else "closed")
    return 0 if shown.is_set() or not given.close_when_shown else 1


def _close_when_shown(window: webview.Window, state_dir: Path, shown: threading.Event) -> None:
    """Wait until the page in the window speaks with the runtime, then close it. Gives up after half a minute.

    The runtime is asked and not the page: its rules let nobody evaluate a string in it, the host included.
    """
    door = read_token(state_dir)
    asked = urllib.request.Request(f"{door.base}/metrics", headers={"Authorization": f"Bearer {door.token}"})
    pause = threading.Event()
    for _ in range(60):
        pause.wait(0.5)
        with urllib.request.urlopen(asked, timeout=5) as answer:
            connected = re.search(rb"^hybrid_capture_renderer_connections ([\d.]+)", answer.read(), re.M)
        if connected is not None and float(connected.group(1)) >= 1:
            shown.set()
            break
    pause.wait(1.0)  # what it was told is on the screen by then
    window.destroy()


if __name__ == "__main__":
    sys.exit(main())
