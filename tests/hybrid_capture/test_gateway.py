"""The gateway's own process: who may end it."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from hybrid_capture.gateway import ignore_signals

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


@pytest.fixture
def handlers() -> Iterator[None]:
    """What the test run does with these signals is given back."""
    before = {name: signal.getsignal(getattr(signal, name)) for name in NAMES}
    yield
    for name, handler in before.items():
        signal.signal(getattr(signal, name), handler)


@pytest.mark.usefixtures("handlers")
def test_a_terminals_signals_change_nothing() -> None:
    ignore_signals()
    assert {signal.getsignal(getattr(signal, name)) for name in NAMES} == {signal.SIG_IGN}


@pytest.mark.usefixtures("handlers")
def test_a_signal_that_the_system_does_not_have_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    hang_up = signal.SIGHUP
    signal.signal(hang_up, signal.SIG_DFL)
    with monkeypatch.context() as windows:
        windows.delattr(signal, "SIGHUP")
        ignore_signals()
    assert signal.getsignal(hang_up) == signal.SIG_DFL
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
