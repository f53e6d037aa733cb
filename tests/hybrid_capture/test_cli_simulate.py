"""The verb `simulate`, as it is typed."""

from __future__ import annotations

from typer.testing import CliRunner

from hybrid_capture.cli import app

RUN = CliRunner()


def test_one_seed_reproduces() -> None:
    first, again = (RUN.invoke(app, ["simulate", "--seed", "4", "--json"]) for _ in range(2))
    assert first.exit_code == 0
    assert first.stdout == again.stdout
    assert '"traceHash"' in first.stdout


def test_one_seed_and_many_do_not_go_together() -> None:
    refused = RUN.invoke(app, ["simulate", "--seed", "4", "--seeds", "9"])
    assert refused.exit_code == 2
    assert "--seed is one seed alone" in refused.stderr
