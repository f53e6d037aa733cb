"""Secrets of many kinds to plant, and the hunt for their bytes. It tells file and kind, never a secret."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from storage.redaction import redact
from tests.storage.redaction_cases import build

SECRET_CHARS_MIN = 12
"""A shorter one may be somewhere by chance."""


@dataclass(frozen=True)
class Plant:
    """One text with secrets in it, as a person, a tool or a program says it. It prints its kind only: a test that fails
    prints what it compared."""

    kind: str
    """The rule that hides it, and its number among the cases."""
    text: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


def plants(count: int, seed: int) -> list[Plant]:
    """So many, of as many kinds as there are, which the rules hide when they meet the text as it is."""
    found: dict[str, Plant] = {}
    for number, (text, secrets) in enumerate(build(seed)[0]):
        long = tuple(secret for secret in secrets if len(secret) >= SECRET_CHARS_MIN)
        hidden = redact(text)
        if long and hidden.findings and not any(secret in hidden.text for secret in long):
            kind = f"{hidden.findings[0].rule}#{number}"
            found.setdefault(hidden.findings[0].rule, Plant(kind, text, long))
    assert len(found) >= count, "the cases have fewer kinds than are asked for"
    return list(found.values())[:count]


def spellings(secret: str) -> dict[str, bytes]:
    """How its bytes may look in a file. Of base64, the middle that does not depend on what stands around."""
    raw = secret.encode()
    found = {"raw": raw, "json": json.dumps(secret)[1:-1].encode(), "url": quote(secret, safe="").encode(),
             "utf-16": secret.encode("utf-16-le")}  # fmt: skip
    for shift in range(3):
        found[f"base64+{shift}"] = base64.b64encode(b"\x00" * shift + raw)[4 if shift else 0 : -4]
    return found


def hunt(planted: Iterable[Plant], places: Mapping[str, bytes]) -> list[str]:
    """`where: kind (spelling)` of everything that is found."""
    found = []
    for plant in planted:
        for secret in plant.secrets:
            for spelling, needle in spellings(secret).items():
                found += [
                    f"{where}: {plant.kind} ({spelling})" for where, content in places.items() if needle in content
                ]
    return sorted(set(found))


def files_below(*folders: Path) -> dict[str, bytes]:
    """Every file, by its path below the folder, with its bytes. One that goes while it is looked at has none."""
    found = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                with contextlib.suppress(FileNotFoundError):
                    found[str(path.relative_to(folder.parent))] = path.read_bytes()
    return found
