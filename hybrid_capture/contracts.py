"""The renderer's contract for programs in JavaScript and TypeScript, printed from the message models.

`panel/contracts.d.ts` holds the types, `panel/contracts.js` the few values that a program needs when it runs: the
contract's hash, which the server says in its welcome, and the names of the commands. Both are kept in the repository,
so that nobody needs a build step; `tests/hybrid_capture/test_contracts.py` fails when they are old. To write them anew:

    python -m hybrid_capture.contracts            # --check only compares, and exits with 1 when they differ
"""

from __future__ import annotations

import argparse
import hashlib
import inspect
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.json_schema import models_json_schema

from hybrid_capture.field_docs import field_docs
from hybrid_capture.typescript import interface, literal, union
from messages import facade
from messages.base import Message
from messages.renderer_reads import READS
from messages.status import LedgerStatus

PANEL = Path(__file__).resolve().parent / "panel"
TYPES, VALUES = PANEL / "contracts.d.ts", PANEL / "contracts.js"
HASH_CHARS = 16
ALWAYS = {"CodexAccountStatus"}
"""Words that programs need although no field has them: `account` in the result of an auth command."""
HEAD = (
    "// Printed from messages/ by `python -m hybrid_capture.contracts`; a test holds the two together. Do not edit.\n"
)
TITLES = ("What a renderer says", "What it is answered", "What it hears", "What these are made of")
Mode = Literal["validation", "serialization"]


def texts() -> dict[Path, str]:
    """Both files, from the models as they are now."""
    types = "\n".join([
        HEAD,
        "/** Names this version of what follows; the server says it in its welcome. */",
        "export const CONTRACT: string;", "",
        "/** Every command that there is. */",
        "export const COMMANDS: readonly CommandName[];", "", _types(),
    ])  # fmt: skip
    names = [str(each.model_fields["command"].default) for each in _leaves(facade.Command)]
    # The server hashes the file of types as it serves it.
    hashed = hashlib.sha256(types.encode()).hexdigest()[:HASH_CHARS]
    values = [HEAD, f"export const CONTRACT = {literal(hashed)};", "export const COMMANDS = ["]
    values += [f"  {literal(name)}," for name in names]
    return {TYPES: types, VALUES: "\n".join([*values, "];", ""])}


def _types() -> str:
    commands, answers, events = (_leaves(base) for base in (facade.Command, facade.Answer, facade.Event))
    said = _schemas(commands, "validation")
    heard = _schemas([*answers, *events, *READS.values(), LedgerStatus], "serialization")
    both = said.keys() & heard.keys()
    assert not both, f"said and heard: {sorted(both)}; what is said may leave fields out, what is heard never does"
    for schema in heard.values():
        schema["required"] = list(schema["properties"])  # what we say ourselves is said whole, defaults included
    schemas, groups = said | heard, [_names(commands), _names(answers), _names(events)]
    parts = sorted(schemas.keys() - {name for group in groups for name in group})
    words = _words(schemas)
    names = {frozenset(values): word for word, values in sorted(words.items(), reverse=True)}
    lines: list[str] = []
    for title, group in zip(TITLES, [*groups, parts], strict=True):
        lines += [f"// {title}.", ""]
        for name in group:
            lines += interface(name, schemas[name], names, _always(schemas[name]))
    lines += union("RendererCommand", groups[0], "Everything that a renderer may say; `command` tells which.")
    lines += union("RendererAnswer", groups[1], "The one answer to each command; `answer` tells which.")
    lines += union("RendererEvent", groups[2], "What comes by itself; `event` tells which.")
    lines += [*_reads(), 'export type CommandName = RendererCommand["command"];']
    lines += ['export type EventName = RendererEvent["event"];', ""]
    used = ALWAYS | set(re.findall(r"\w+", "\n".join(lines)))
    for word, values in sorted(words.items(), reverse=True):
        if word in used:
            lines = [*union(word, map(literal, values), ""), *lines]
    return "\n".join(lines)


def _reads() -> list[str]:
    """Which data answers which read."""
    lines = ["/** The `data` of the answer to each read. */", "export interface ReadData {"]
    for command, data in READS.items():
        lines.append(f"  readonly {command.model_fields['command'].default}: {data.__name__};")
    return [*lines, "}", "", "export type ReadName = keyof ReadData;", ""]


def _always(schema: Mapping[str, Any]) -> set[str]:
    """The fields that are always there. The word that tells the members of a union apart is, whatever its default."""
    return {*schema.get("required", ()), *({"command", "answer", "event"} & set(schema["properties"]))}


def _leaves(base: type[Message]) -> list[type[Message]]:
    """The messages of this kind that exist, in the order in which they are written down."""
    found: list[type[Message]] = []
    for each in base.__subclasses__():
        if each.__module__.startswith("messages."):
            found += _leaves(each) or [each]
    return list(dict.fromkeys(found))


def _names(models: Iterable[type[Message]]) -> list[str]:
    return [each.__name__ for each in models]


def _schemas(models: Iterable[type[Message]], mode: Mode) -> dict[str, dict[str, Any]]:
    """Each of these models and all they hold, by name, with the docstrings of their fields."""
    _, whole = models_json_schema([(each, mode) for each in models], by_alias=True)
    found: dict[str, dict[str, Any]] = whole["$defs"]
    for name, schema in found.items():
        model = Message.REGISTRY[name]
        docs = field_docs(model)
        schema["description"] = _said_there(inspect.cleandoc(model.__doc__ or ""))
        for field, info in model.model_fields.items():
            alias = info.serialization_alias or info.alias or field
            if field in docs and alias in schema["properties"]:
                schema["properties"][alias]["description"] = _said_there(docs[field])
    return found


def _said_there(text: str) -> str:
    """Our sentences speak Python; what is None here arrives as null."""
    return re.sub(r"\bNone\b", "null", text)


def _words(schemas: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Closed sets of strings that have a name in the files of these messages."""
    found: dict[str, tuple[str, ...]] = {}
    for module in sorted({Message.REGISTRY[name].__module__ for name in schemas} | {facade.__name__}):
        for name, value in vars(sys.modules[module]).items():
            if get_origin(value) is Literal and not name.startswith("_"):
                found[name] = get_args(value)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Write the contract, or with `--check` only compare."""
    parser = argparse.ArgumentParser(prog="python -m hybrid_capture.contracts", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when a file is old")
    given = parser.parse_args(arguments)
    new = texts()
    old = [path for path, text in new.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in old:
        if given.check:
            sys.stderr.write(f"{path} is old: run `python -m hybrid_capture.contracts`\n")
        else:
            path.write_text(new[path], encoding="utf-8")
            sys.stdout.write(f"written: {path}\n")
    return 1 if given.check and old else 0


if __name__ == "__main__":
    sys.exit(main())
