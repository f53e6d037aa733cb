"""`python -m hybrid_capture` and the installed command are one."""

from __future__ import annotations

import importlib.metadata

from hybrid_capture import __main__
from tests.hybrid_capture.command import say


def test_the_module_speaks_as_the_command() -> None:
    told = say("--help")
    assert told.code == 0
    assert told.out.startswith("Usage: hybrid-capture ")


def test_the_installed_command_is_this_function() -> None:
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="hybrid-capture")
    assert script.load() is __main__.main
