"""`hybrid-capture` and `python -m hybrid_capture`: the command line is in `cli.py`. No actor lives here."""

from __future__ import annotations


def main() -> None:
    """Run one verb and exit with its code."""
    from hybrid_capture.cli import app

    app(prog_name="hybrid-capture")


if __name__ == "__main__":
    main()
