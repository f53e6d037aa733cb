"""Codex's `config.toml`: the `[otel]` table, in whatever form it stands there. Pure: text in, edits out.

Known forms: no otel at all, `[otel]`, an inline table, dotted keys, nested tables such as `[otel.exporter.otlp-http]`,
near or far from each other. Whatever tomlkit makes of them is checked against tomllib: nothing but our keys may differ.
Source: codex 0.169, facts in docs/decisions.md.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from hybrid_capture.setup.edits import KEPT, Edit, apply, line_edits
from hybrid_capture.setup.wish import Refused, Wish

NAME = "config.toml"
EXPORTERS = {"logs": "exporter", "traces": "trace_exporter", "metrics": "metrics_exporter"}
MARK = "# Written by `hybrid-capture setup codex`; with --undo it takes this back."
KEEP = "# hybrid-capture keeps for --undo: "
"""Begins each line of what was replaced and may hold a secret: it stays in this file, and nowhere else."""

HoldsSecret = Callable[[str], bool]


def wanted(wish: Wish) -> dict[str, Any]:
    """The keys of the otel table."""
    keys: dict[str, Any] = {}
    for signal in wish.signals:
        # Codex uses the endpoint as it is, and knows `binary` for protobuf, a sixth of the size of its JSON.
        headers = {"Authorization": f"Bearer {wish.token}"}
        receiver = {"endpoint": wish.endpoint.of(signal), "protocol": "binary", "headers": headers}
        keys[EXPORTERS[signal]] = {"otlp-http": receiver}
    if wish.prompts is not None:
        keys["log_user_prompt"] = wish.prompts
    return keys


def plan(old: str, wish: Wish, holds_secret: HoldsSecret) -> list[Edit]:
    """The edits that make Codex send its telemetry to the receiver. Errors: Refused."""
    keys = wanted(wish)
    data = read(old)
    there = data.get("otel", {})
    if not isinstance(there, dict):
        raise Refused(f"`otel` in {NAME} is no table: Codex cannot read that either, correct it first")
    foreign = [key for key in keys if key in EXPORTERS.values() and there.get(key, "none") not in ("none", keys[key])]
    if foreign and not wish.replace:
        raise Refused(
            f"Codex sends its telemetry to another receiver already (otel.{foreign[0]} in {NAME}), and has room for "
            "one: --replace takes its place, and --undo gives it back"
        )
    aim = copy.deepcopy(data)
    aim["otel"] = {**there, **keys}
    if aim == data:
        return []
    for way in (_in_place, _anew) if "otel" in data else (_appended,):
        try:
            edits = [_keeping(old, edit, holds_secret) for edit in line_edits(old, way(old, keys))]
            if read(apply(old, edits)[0]) == aim:
                return edits
        except (TOMLKitError, Refused, KeyError, TypeError, ValueError):
            continue
    raise Refused(f"the otel part of {NAME} stands in a form that cannot be changed safely: make it one [otel] table")


def read(text: str) -> dict[str, Any]:
    """What the file says. Errors: Refused."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = str(error).rpartition("(")[2].rstrip(")")
        raise Refused(f"{NAME} is no valid TOML ({where}), and Codex ignores all of it: correct it first") from None


def kept_in(span: str) -> str:
    """What a span keeps of the text that it replaced."""
    return "".join(line[len(KEEP) :] for line in span.splitlines(keepends=True) if line.startswith(KEEP))


def without(
    text: str, values: Mapping[str, Any], ours: Callable[[str, Any], bool], hook: str = ""
) -> tuple[str, list[str]]:
    """The text without our keys, for a file that was changed since; and the keys that are somebody else's by now.

    `values`: what each key was before, None for one that was not there. Kept lines come back as values.
    Errors: Refused when that cannot be done safely.
    """
    data = read(text)
    document = tomlkit.parse("".join(line for line in text.splitlines(keepends=True) if not _is_ours(line)))
    table: Any = document.get("otel", {})
    before = {**values, **_kept_values(text)}
    others: list[str] = []
    for key, value in before.items():
        if key not in data.get("otel", {}):
            continue
        if not ours(key, data["otel"][key]):
            others.append(key)
            continue
        del table[key]
        if value is not None:
            table[key] = _item(value)
    if "otel" in document and not document["otel"]:
        del document["otel"]
    new = document.as_string()
    result, expected = read(new), {**data, "otel": dict(data.get("otel", {}))}
    for key, value in before.items():
        if key in others:
            continue
        expected["otel"].pop(key, None)
        if value is not None:
            expected["otel"][key] = value
    if {**result, "otel": result.get("otel", {})} != expected:
        raise Refused(f"{NAME} was changed around what setup wrote: take the lines of the otel table out by hand")
    return new, others


def _is_ours(line: str) -> bool:
    return line.startswith(KEEP) or line.rstrip("\r\n") == MARK


def _kept_values(text: str) -> dict[str, Any]:
    kept = kept_in(text)
    for fragment in (kept, f"[otel]\n{kept}"):
        try:
            found = tomllib.loads(fragment).get("otel")
        except tomllib.TOMLDecodeError:
            continue
        if isinstance(found, dict):
            return {key: value for key, value in found.items() if key in (*EXPORTERS.values(), "log_user_prompt")}
    return {}


def _appended(old: str, keys: Mapping[str, Any]) -> str:
    end = "\r\n" if "\r\n" in old else "\n"
    lines = [MARK, "[otel]", *(f"{key} = {_item(value).as_string()}" for key, value in keys.items())]
    gap = "" if not old else end if old.endswith("\n") else end * 2
    return old + gap + "".join(line + end for line in lines)


def _in_place(old: str, keys: Mapping[str, Any]) -> str:
    """The keys set where they stand; comments stay."""
    document = tomlkit.parse(old)
    table: Any = document["otel"]
    for key, value in keys.items():
        if isinstance(table.get(key), dict) and not isinstance(table[key], InlineTable):
            del table[key]
        table[key] = _item(value)
    return document.as_string()


def _anew(old: str, keys: Mapping[str, Any]) -> str:
    """One new table at the end, for forms that tomlkit cannot change in place."""
    document = tomlkit.parse(old)
    values = document["otel"].unwrap()
    del document["otel"]
    return _appended(document.as_string(), {**values, **keys})


def _item(value: Any) -> Any:
    """A value on one line: tables become inline tables."""
    if not isinstance(value, dict):
        return tomlkit.item(value)
    table = tomlkit.inline_table()
    for key, each in value.items():
        table.append(key, _item(each))
    return table


def _keeping(old: str, edit: Edit, holds_secret: HoldsSecret) -> Edit:
    """The same edit; what it replaces stays as a comment when it may hold a secret."""
    gone = old[edit.start : edit.end]
    if "headers" not in gone and not holds_secret(gone):
        return edit
    if not gone.endswith("\n"):
        raise Refused(f"the last line of {NAME} has no end: add one")
    kept = "".join(KEEP + line for line in gone.splitlines(keepends=True))
    return Edit(edit.start, edit.end, edit.text + kept, before=KEPT)


def values_before(old: str, keys: Sequence[str], holds_secret: HoldsSecret) -> dict[str, Any]:
    """What these keys were, for the journal; one that may hold a secret is left out (see KEEP), as null."""
    there = read(old).get("otel", {})
    return {key: None if _secret(there.get(key), holds_secret) else there.get(key) for key in keys}


def _secret(value: Any, holds_secret: HoldsSecret) -> bool:
    return "headers" in str(value) or holds_secret(str(value))
