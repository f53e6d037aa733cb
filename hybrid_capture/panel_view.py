"""The `panel` verb: a fresh address of the running runtime's panel, for one browser."""

from __future__ import annotations

import webbrowser
from pathlib import Path

from hybrid_capture.console import Screen
from hybrid_capture.panel_address import NoPanel, panel_address
from hybrid_capture.panel_tokens import NoToken, read_token
from hybrid_capture.problems import DONE, NO_RUNTIME, Problem
from hybrid_capture.statefolder import find_runtime
from messages.renderer_words import ClientRole


def show(folder: Path, role: ClientRole, opened: bool, screen: Screen) -> int:
    """Print the address, or open it. Errors: NotRunning; Problem when there is no panel."""
    find_runtime(folder)
    try:
        here = read_token(folder)
        address = panel_address(here.base, here.token, role)
    except (NoToken, NoPanel) as error:
        raise Problem("NO_PANEL", str(error), NO_RUNTIME) from None
    if opened and not webbrowser.open(address):
        screen.say("no browser could be opened here: open this address yourself")
        opened = False
    screen.record({"panel": None if opened else address, "opened": opened, "role": role})
    screen.say("opened" if opened else address)
    return DONE
