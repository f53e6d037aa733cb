"""The documentation is true: its files exist, its reference is the code's, every verb and command stands in it.

`UPDATE_GOLDEN=1` writes docs/reference.md anew.
"""

from __future__ import annotations

import inspect
import os
import re
from pathlib import Path
from typing import Any

import pytest
import typer.main
from pydantic import BaseModel

from actors.machines.policy import POLICY
from hybrid_capture.cli import app
from hybrid_capture.field_docs import field_docs
from hybrid_capture.problems import EXIT_CODES
from hybrid_capture.settings import Settings
from messages import facade
from messages.catalog import CATALOG
from messages.settings import Limits, Timing
from storage.schema import TABLES

ROOT = Path(__file__).resolve().parent.parent
COMMON = {"--help", "--json", "--state-dir"}
BESIDE = (
    "Beside these every verb takes `--help`, which shows examples, and `--json`; whatever touches a state folder takes "
    "`--state-dir DIR`."
)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def _table(model: type[BaseModel]) -> list[str]:
    docs = field_docs(model, grouped=True)
    lines = ["| name | default | what |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        default = "" if field.default_factory is not None or field.is_required() else field.default
        shown = "" if isinstance(default, BaseModel) else str(default)
        lines.append(f"| `{name}` | {shown} | {docs.get(name, '')} |")
    return lines


def reference() -> str:
    """docs/reference.md, from the code."""
    lines = ["# Reference", "", "Printed from the code; `tests/test_docs.py` holds the two together.", ""]
    lines += ["## Verbs", "", "| verb | what |", "|---|---|"]
    for name, command in sorted(_verbs().items()):
        lines.append(f"| `hybrid-capture {name}` | {command} |")
    lines += ["", "## Exit codes", "", "| code | when |", "|---|---|"]
    lines += [f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items()]
    lines += ["", "## Arguments and options", "", BESIDE, "", *_options()]
    lines += ["", "## Renderer commands", "", "| command | what | at most |", "|---|---|---|"]
    for command, row in POLICY.items():
        name = command.model_fields["command"].default
        text = inspect.getdoc(command) or ""
        lines.append(f"| `{name}` | {' '.join(text.split())} | {row.rate_count} in {row.rate_ms} ms |")
    lines += ["", "## Settings", "", *_table(Settings)]
    lines += ["", "## Limits", "", "`limits.*`; what happens at each bound stands beside it.", "", *_table(Limits)]
    lines += ["", "## Deadlines and periods", "", "`timing.*`, in ms on the monotonic clock.", "", *_table(Timing)]
    lines += ["", "## Who says what to whom", "", "| message | from | to | says |", "|---|---|---|---|"]
    for message, route in CATALOG.items():
        senders, receivers = (", ".join(sorted(each)) for each in (route.senders, route.receivers))
        lines.append(f"| `{message.__name__}` | {senders} | {receivers} | {route.says} |")
    return "\n".join(lines) + "\n"


def _commands() -> dict[str, Any]:
    found: dict[str, Any] = {}

    def walk(prefix: str, command: object) -> None:
        for name, child in getattr(command, "commands", {}).items():
            if getattr(child, "commands", None):
                walk(f"{prefix}{name} ", child)
            else:
                found[f"{prefix}{name}"] = child

    walk("", typer.main.get_command(app))
    return found


def _verbs() -> dict[str, str]:
    texts = {name: (getattr(command, "help", "") or "") for name, command in _commands().items()}
    return {name: " ".join(text.replace("\b", "").strip().split("\n\n")[0].split()) for name, text in texts.items()}


def _options() -> list[str]:
    lines = []
    for name, command in sorted(_commands().items()):
        own = [each for each in command.params if not COMMON & set(each.opts) and not getattr(each, "hidden", False)]
        lines += [f"| `{name}` | `{_written(each)}` | {' '.join((each.help or '').split())} |" for each in own]
    return ["| verb | | what |", "|---|---|---|", *lines]


def _written(parameter: Any) -> str:
    """A parameter as one writes it: `[PATHS]...`, `--port ...`, `--links, --no-links`."""
    if parameter.param_type_name == "argument":
        name = parameter.name.upper()
        return (name if parameter.required else f"[{name}]") + ("..." if parameter.nargs == -1 else "")
    names = ", ".join([*parameter.opts, *parameter.secondary_opts])
    return names if parameter.is_flag else f"{names} ..."


def test_the_reference_is_what_the_code_says() -> None:
    page = ROOT / "docs" / "reference.md"
    if os.environ.get("UPDATE_GOLDEN"):
        page.write_text(reference())
    assert page.read_text() == reference(), "docs/reference.md is old: run UPDATE_GOLDEN=1 pytest tests/test_docs.py"


def tables() -> str:
    """The tables of the store, from their rows' sentences."""
    rows = sorted((each._meta.table_name, " ".join((each.__doc__ or "").split())) for each in TABLES)
    return "\n".join(["| table | a row is |", "|---|---|", *(f"| `{name}` | {text} |" for name, text in rows)])


def test_the_formats_name_every_table() -> None:
    page = ROOT / "docs" / "formats.md"
    before, _, rest = page.read_text().partition("<!-- tables -->\n")
    held, _, after = rest.partition("\n<!-- /tables -->")
    if os.environ.get("UPDATE_GOLDEN"):
        page.write_text(f"{before}<!-- tables -->\n{tables()}\n<!-- /tables -->{after}")
        return
    assert held == tables(), "docs/formats.md is old: run UPDATE_GOLDEN=1 pytest tests/test_docs.py"


def test_every_verb_says_what_it_does() -> None:
    verbs = _verbs()
    assert {"run", "status", "turn", "login", "logout", "stop", "doctor", "demo", "sessions list"} <= set(verbs)
    assert [name for name, text in verbs.items() if len(text) < 15] == []


def test_every_renderer_command_has_a_row_and_a_sentence() -> None:
    commands = [each for each in vars(facade).values() if inspect.isclass(each) and issubclass(each, facade.Command)]
    commands.remove(facade.Command)
    assert set(commands) == set(POLICY)
    assert [each.__name__ for each in commands if not inspect.getdoc(each)] == []


@pytest.mark.parametrize("model", [Limits, Timing, Settings])
def test_every_setting_is_explained(model: type[BaseModel]) -> None:
    docs = field_docs(model, grouped=True)
    assert [name for name in model.model_fields if name not in docs and name not in ("limits", "timing")] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text()
    named = set(re.findall(r"`((?:actors|chaos|docs|examples|hybrid_capture|messages|storage|tests)/[\w./*-]+)`", text))
    named |= {str((page.parent / link).relative_to(ROOT)) for link in re.findall(r"\]\(([\w./-]+\.md)\)", text)}
    missing = [name for name in sorted(named) if not list(ROOT.glob(name.rstrip("/")))]
    assert missing == []
