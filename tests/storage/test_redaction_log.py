"""Log lines leave without secrets, whatever part of the record held them."""

import logging
import subprocess
import sys
from pathlib import Path

import structlog

from storage import redaction_log
from storage.redaction_log import RedactingFormatter, redacting_processor

TOKEN = "ghp_" + "aB3dE5gH7jK9" * 3


def record(msg, *args, exc_info=None):
    return logging.LogRecord("x", logging.INFO, "f", 1, msg, args, exc_info)


def test_messages_arguments_and_tracebacks_are_redacted():
    formatter = RedactingFormatter("%(levelname)s %(message)s")
    assert formatter.format(record(f"a {TOKEN}")) == "INFO a [REDACTED:github-pat]"
    assert TOKEN not in formatter.format(record("a %s", TOKEN))
    try:
        raise ValueError(f"token={TOKEN}")
    except ValueError as error:
        line = formatter.format(record("failed", exc_info=(type(error), error, error.__traceback__)))
    assert TOKEN not in line
    assert "ValueError" in line


def test_a_record_that_cannot_be_formatted_is_hidden():
    assert RedactingFormatter().format(record("%d", TOKEN)) == "[REDACTED:error]"


def test_another_formatter_may_write_the_line():
    inner = logging.Formatter("inner %(message)s")
    assert RedactingFormatter(inner=inner).format(record(TOKEN)) == "inner [REDACTED:github-pat]"


def test_structlog_lines_and_events_are_redacted():
    line = redacting_processor(
        None, "info", structlog.processors.JSONRenderer()(None, "info", {"event": f"x {TOKEN}", "n": 1})
    )
    assert line == '{"event": "x [REDACTED:github-pat]", "n": 1}'
    assert redacting_processor(None, "info", TOKEN.encode()) == b"[REDACTED:github-pat]"
    event = redacting_processor(None, "info", {"event": f"x {TOKEN}", "password": "ab1", "n": 1})
    assert event == {"event": "x [REDACTED:github-pat]", "password": "[REDACTED:password]", "n": 1}


def test_an_event_that_breaks_is_hidden():
    class Broken:
        def __str__(self):
            raise RuntimeError(TOKEN)

    assert redacting_processor(None, "info", {"event": Broken()}) == {"event": "[REDACTED:error]"}


def test_an_exception_that_nobody_catches_leaves_a_redacted_traceback():
    root = Path(redaction_log.__file__).resolve().parents[1]
    code = (
        "import threading; from storage.redaction_log import redact_tracebacks; redact_tracebacks()\n"
        f"def fail(): raise ValueError('token {TOKEN}')\n"
        f"import logging; logging.getLogger('x').warning('token %s', '{TOKEN}')\n"
        "t = threading.Thread(target=fail); t.start(); t.join()\n"
        "fail()"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.count("ValueError: token [REDACTED:github-pat]") == 2
    assert "token [REDACTED:github-pat]" in ended.stderr.splitlines(), "what was logged has a line of its own"
    # Python 3.13 shows the source of -c in a traceback as well, the token in it hidden.
    assert TOKEN not in ended.stderr
