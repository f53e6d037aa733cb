"""How fast redaction is on one core, beside detect-secrets on the same text in the same run.

    python -m benchmarks.redaction [--docs N] [--rounds N] [--vectors FILE]

MB/s are characters by CPU time of this one thread, so that other work on the machine does not count. What counts is the
ratio to detect-secrets (`make peers`), which reads fewer documents, because it is slow.

`--vectors`: labelled texts, one JSON object per line: `label` tp or fp, `text`, `secrets` that may not survive and
`scope`. Prints how many positives lost all of their secrets and how many `scope=all` negatives were touched.
"""

from __future__ import annotations

import argparse
import base64
import importlib.metadata
import json
import pathlib
import random
import string
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from functools import partial

from benchmarks.samples import print_result, print_table, row
from storage import redaction
from storage.redacting import rules_ai, rules_cloud, rules_code, rules_services
from storage.redacting.rule import instance
from storage.redacting.words import wordset

PEER = "detect-secrets"
DOC_CHARS = 8192
SHAPES = [
    r.shape
    for table in (rules_ai, rules_cloud, rules_code, rules_services)
    for r in table.RULES
    if r.shape and not r.near
]
_WORDS = sorted(
    wordset(
        "build parse token user session request response error cache index model handler stream config service "
        "password retry queue worker client server table field value key name path file line column module package "
        "version commit branch merge test assert expect"
    )
)


def _pick(rng: random.Random, alphabet: str, count: int) -> str:
    return "".join(rng.choices(alphabet, k=count))


def source(rng: random.Random, files: list[pathlib.Path]) -> str:
    """A stretch of the standard library's source."""
    while True:
        text = rng.choice(files).read_text(encoding="utf-8", errors="replace")
        if len(text) > DOC_CHARS:
            at = rng.randrange(len(text) - DOC_CHARS)
            return text[at : at + DOC_CHARS]


def diff(rng: random.Random, files: list[pathlib.Path]) -> str:
    """A stretch of source as `git diff` prints it."""
    lines = source(rng, files).splitlines()
    old, new = _pick(rng, string.hexdigits[:16], 7), _pick(rng, string.hexdigits[:16], 7)
    head = f"diff --git a/x.py b/x.py\nindex {old}..{new} 100644\n--- a/x.py\n+++ b/x.py\n"
    return (head + "\n".join(rng.choice(("+", "-", " ", " ", " ")) + line for line in lines))[:DOC_CHARS]


def lockfile(rng: random.Random, _files: list[pathlib.Path]) -> str:
    """Names, versions and hashes."""
    out = []
    for _ in range(90):
        name = rng.choice(_WORDS) + "-" + rng.choice(_WORDS)
        digest = base64.b64encode(rng.randbytes(64)).decode()
        out.append(
            f'"{name}@^{rng.randrange(9)}.{rng.randrange(20)}":\n'
            f'  resolved "https://pkg.invalid/{name}/-/{name}-1.0.tgz#{rng.randbytes(20).hex()}"\n'
            f"  integrity sha512-{digest}\n"
        )
    return "".join(out)[:DOC_CHARS]


def minified(rng: random.Random, _files: list[pathlib.Path]) -> str:
    """One long line of program."""
    out: list[str] = []
    while sum(map(len, out)) < DOC_CHARS:
        a, b, c = rng.choices(string.ascii_lowercase, k=3)
        out.append(
            f"function {a}({b}){{return {b}&&{b}.{rng.choice(_WORDS)}?{b}.{rng.choice(_WORDS)}:"
            f"{{{rng.choice(_WORDS)}:{rng.randrange(99)},{c}:!0}}}}var {c}={a}(this.{rng.choice(_WORDS)});"
        )
    return "".join(out)[:DOC_CHARS]


def output(rng: random.Random, _files: list[pathlib.Path]) -> str:
    """What commands print."""
    out: list[str] = []
    for i in range(140):
        out.append(
            f"2026-01-{rng.randrange(1, 28):02d}T10:{i % 60:02d}:00Z {rng.choice(('INFO', 'WARN', 'DEBUG'))} "
            f"{rng.choice(_WORDS)}.{rng.choice(_WORDS)} "
            f"id={rng.randbytes(8).hex()} took {rng.random() * 100:.2f}ms status={rng.choice((200, 404, 500))}"
        )
    return "\n".join(out)[:DOC_CHARS]


def blob(rng: random.Random, _files: list[pathlib.Path]) -> str:
    """An image in base64."""
    return "data:image/png;base64," + base64.b64encode(rng.randbytes(6000)).decode()


def transcript(rng: random.Random, files: list[pathlib.Path]) -> str:
    """Session lines: JSON whose strings hold source and commands."""
    out: list[str] = []
    while sum(map(len, out)) < DOC_CHARS:
        text = source(rng, files)[:1500]
        out.append(
            json.dumps(
                {
                    "type": "response_item",
                    "id": "fc_" + rng.randbytes(12).hex(),
                    "call_id": "call_" + _pick(rng, string.ascii_letters, 24),
                    "usage": {"input_tokens": rng.randrange(9999), "output_tokens": rng.randrange(999)},
                    "output": text,
                }
            )
        )
    return "\n".join(out)[:DOC_CHARS]


KINDS: tuple[Callable[[random.Random, list[pathlib.Path]], str], ...] = (
    source,
    diff,
    lockfile,
    minified,
    output,
    blob,
    transcript,
)


def corpus(docs: int, seed: int) -> list[str]:
    """`docs` documents of 8 KB, the kinds in turn; about 0.1 % of the characters are planted secrets."""
    rng = random.Random(seed)
    files = sorted(
        p for p in pathlib.Path(sysconfig.get_paths()["stdlib"]).glob("*.py") if p.stat().st_size > 2 * DOC_CHARS
    )
    out = []
    for i in range(docs):
        text = KINDS[i % len(KINDS)](rng, files)
        if i % 8 == 0:
            at = text.find("\n", len(text) // 2) + 1
            name = rng.choice(("API_TOKEN", "DB_PASSWORD", "KEY"))
            text = f"{text[:at]}export {name}={instance(rng.choice(SHAPES), rng)}\n{text[at:]}"
        out.append(text)
    return out


def timed(run: Callable[[str], object], docs: list[str]) -> tuple[float, list[float]]:
    """MB/s over all documents, and milliseconds for each."""
    each = []
    started = time.process_time()
    for doc in docs:
        one = time.process_time()
        run(doc)
        each.append((time.process_time() - one) * 1e3)
    total = time.process_time() - started
    return sum(map(len, docs)) / total / 1e6, each


def detect_secrets() -> Callable[[str], object] | None:
    """detect-secrets over one document, all its plugins, through a file as its interface wants. `make peers` installs
    it; it is looked for there, and never a part of our own environment."""
    sys.path += map(str, pathlib.Path(__file__).resolve().parents[1].glob(".tools/peers/lib/python*/site-packages"))
    try:
        from detect_secrets import SecretsCollection  # type: ignore[import-not-found]  # in an environment of its own
        from detect_secrets.settings import default_settings  # type: ignore[import-not-found]  # the same
    except ImportError:
        return None
    path = pathlib.Path(tempfile.mkdtemp()) / "doc.txt"

    def run(doc: str) -> object:
        path.write_text(doc)
        found = SecretsCollection()
        with default_settings():
            found.scan_file(str(path))
        return found

    return run


def judged(path: pathlib.Path, peer: Callable[[str], object] | None) -> dict[str, object]:
    """Recall and touched negatives on labelled texts, of redaction and of the peer."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    positives = [row for row in rows if row["label"] == "tp"]
    negatives = [row for row in rows if row["label"] == "fp" and row["scope"] == "all"]
    left = sum(any(s in redaction.redact(row["text"]).text for s in row["secrets"]) for row in positives)
    touched = sum(redaction.redact(row["text"]).text != row["text"] for row in negatives)
    told: dict[str, object] = {
        "positives": len(positives),
        "recall": 1 - left / len(positives),
        "negatives": len(negatives),
        "touched": touched / len(negatives),
    }
    print(f"redaction: recall {1 - left / len(positives):.2%} of {len(positives)}, ", end="")
    print(f"touched {touched / len(negatives):.2%} of {len(negatives)} negatives")
    if peer is not None:
        some = positives[:: max(1, len(positives) // 400)]
        found = sum(
            all(any(s in v or v in s for v in values(peer(row["text"]))) for s in row["secrets"]) for row in some
        )
        wrong = sum(bool(values(peer(row["text"]))) for row in negatives)
        told["peer"] = {"positives": len(some), "recall": found / len(some), "touched": wrong / len(negatives)}
        print(f"detect-secrets: recall {found / len(some):.2%} of {len(some)} of them, ", end="")
        print(f"touched {wrong / len(negatives):.2%}; generous: a part of a secret counts as found")
    return told


def values(found: object) -> list[str]:
    """What detect-secrets found, as text."""
    return [secret.secret_value or "" for _, secret in found]  # type: ignore[attr-defined]  # its iterator


def main() -> None:
    """Measure, print, give the result."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--docs", type=int, default=700)
    ask.add_argument("--rounds", type=int, default=5)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--vectors", type=pathlib.Path)
    args = ask.parse_args()
    docs = corpus(args.docs, args.seed)
    absent: list[str] = []
    engines: list[tuple[str, Callable[[str], object], list[str]]] = []
    for engine in ("hyperscan", "re2"):
        started = time.perf_counter()
        try:
            redaction.warm(engine)
        except Exception as error:  # noqa: BLE001 - an engine that is not installed is left out, and said
            absent.append(f"{engine} ({type(error).__name__})")
            continue
        print(f"{engine}: compiled in {time.perf_counter() - started:.2f} s")
        engines.append((engine, partial(redaction.redact, engine=engine), docs))
    peer = detect_secrets()
    few = docs[: max(len(KINDS), args.docs // 50)]
    found = {}
    if peer is None:
        absent.append(f"{PEER} (`make peers`)")
    else:
        engines.append((PEER, peer, few))
        found[PEER] = importlib.metadata.version("detect_secrets")
    rates: dict[str, list[float]] = {}
    late: dict[str, list[float]] = {}
    for _ in range(args.rounds):
        for name, run, some in engines:
            rate, times = timed(run, some)
            rates.setdefault(name, []).append(rate)
            late.setdefault(name, []).extend(times)
    base, late_base = rates.get(PEER), late.get(PEER)
    rows = [row(f"{name}, mixed text", each, "MB per CPU second", base, rate=True) for name, each in rates.items()]
    rows += [row(f"{name}, a document of 8 KB", each, "CPU ms", late_base) for name, each in late.items()]
    by_kind = {
        kind.__name__: round(max(timed(redaction.redact, docs[at :: len(KINDS)])[0] for _ in range(args.rounds)), 1)
        for at, kind in enumerate(KINDS)
    }
    figures: dict[str, object] = {
        "documents": len(docs), "documents of detect-secrets": len(few), "characters": sum(map(len, docs)),
        "findings": sum(len(redaction.redact(doc).findings) for doc in docs), "MB/s by kind, best": by_kind,
    }  # fmt: skip
    if args.vectors:
        figures["vectors"] = judged(args.vectors, peer)
    print_table(rows, absent)
    print_result("redaction", rows, figures, peers=found, absent=absent)


if __name__ == "__main__":
    main()
