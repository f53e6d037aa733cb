"""How a table of formats is checked: many fresh instances per row, in several surroundings, from a seed."""

from __future__ import annotations

import random
import zlib

from storage.redacting.rule import Rule, instance
from storage.redacting.scan import holds
from storage.redaction import redact

SURROUNDINGS = (
    "{}",
    "auth {} failed",
    '"{}"',
    "key=\x1b[33m{}\x1b[0m",
    "+ new Client('{}')",
    "line\\n{}\\n",
    "<td>{}</td>",
    "({}),",
    "a\t{}\n",
)
INSTANCES = 40


def check_table(rules: tuple[Rule, ...]) -> None:
    missed: list[str] = []
    for number, rule in enumerate(rules):
        if not rule.shape or rule.near:
            continue
        rng = random.Random(zlib.crc32(f"{number}{rule.id}".encode()))
        found = tried = 0
        while tried < INSTANCES:
            secret = instance(rule.shape, rng)
            if not holds(rule, secret, 0, len(secret)):
                continue  # an instance that fails the row's own spread or check is not one a vendor would issue
            tried += 1
            found += secret not in redact(rng.choice(SURROUNDINGS).format(secret)).text
        if found < tried:
            missed.append(f"{rule.id} ({rule.vendor}): {found}/{tried}")
    assert missed == []
