"""What keeps the house in order. A check that fails names the file, the line and what to write instead."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("messages", "actors", "storage", "chaos", "hybrid_capture")
TESTED = (
    "messages", "actors", "actors/machines", "actors/wire", "actors/transport", "storage", "storage/redacting",
    "storage/linking", "storage/exporting", "chaos", "chaos/simulating", "chaos/mutating", "chaos/drilling",
    "hybrid_capture", "hybrid_capture/setup",
)  # fmt: skip
"""Folders in which each source file has one test file."""

PURE = ("actors/machines", "actors/wire")
IMPURE = {
    "thespian": "ask for it with an effect (actors/machines/effects.py); actors/shell.py performs it",
    "peewee": "say it with a message; storage/ keeps it",
    "subprocess": "ask for it with RunProcess",
    "time": "take `now` as an argument",
    "datetime": "take `now` as an argument",
    "random": "take what is random as an argument",
    "secrets": "take what is random as an argument",
    "logging": "return it as an effect or an audit note",
    "os": "leave it to the actor",
    "threading": "leave it to the actor",
    "asyncio": "leave it to the actor",
}

GAPS = {
    "messages/*.py": "declarations: tests/messages/test_base.py and tests/actors/test_envelope.py try every class",
    "actors/*.py": "wiring of one machine each: tests/live shows it on the real tree",
    "hybrid_capture/setup/wish.py": "declarations",
    "chaos/drilling/*.py": "actions, probes and hosts: tests/live/test_drills.py plays them on a real tree",
    "chaos/simulating/*.py": "one stage: tests/chaos/test_simulation.py plays it, test_checks.py breaks it on purpose",
    "hybrid_capture/*.py": "what a user touches: tests/hybrid_capture and tests/live show it by use, not by file",
}
"""Source files that may be without a test file of their own, and why."""

SLEEPERS = {
    "tests/actors/transport/cast.py": "an actor that is slow on purpose",
    "tests/actors/transport/stage_hands.py": "polls real processes",
    "tests/doc_blocks.py": "polls real processes",
    "tests/hybrid_capture/receiver_house.py": "polls what only the receiver's own thread knows",
    "tests/hybrid_capture/command.py": "polls what a real process has written",
    "tests/live/exporter.py": "an exporter's pace",
    "tests/live/test_mixed_traffic.py": "traffic that lasts",
    "tests/live/test_otlp.py": "processes that stand still, and a store that is locked, for so long",
    "tests/live/test_tailing.py": "two lines must not be of one second",
    "tests/real/lane.py": "polls real programs, and takes processes away for so long",
    "tests/storage/test_store.py": "kills a real writer at a random instant",
}
"""Test files that may sleep, and why. A machine's time is an argument: it never needs to."""


def sources(*folders: str) -> Iterator[tuple[str, str]]:
    """Path and text of each Python file below these folders, path as written in the repository."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def imports(text: str) -> Iterator[tuple[int, str]]:
    """Line and full name of everything imported, at any depth of the file."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.lineno, node.module


def complain(found: list[str]) -> None:
    assert not found, "\n" + "\n".join(found)


def test_machines_and_wire_are_pure() -> None:
    complain(
        [
            f"{path}:{line}: {name} must not be imported here: {IMPURE[name.split('.')[0]]}"
            for path, text in sources(*PURE)
            for line, name in imports(text)
            if name.split(".")[0] in IMPURE
        ]
    )


def test_machines_know_no_actor_and_no_store() -> None:
    allowed = ("actors.machines", "actors.wire", "actors.tree", "messages")
    complain(
        [
            f"{path}:{line}: {name}: a machine knows machines, wire, tree and messages; pass in what it needs"
            for path, text in sources(*PURE)
            for line, name in imports(text)
            if name.split(".")[0] in ROOMS and not name.startswith(allowed)
        ]
    )


def test_messages_import_nothing_of_ours() -> None:
    complain(
        [
            f"{path}:{line}: {name}: messages/ imports only messages/; move what both need here"
            for path, text in sources("messages")
            for line, name in imports(text)
            if name.split(".")[0] in ROOMS and not name.startswith("messages")
        ]
    )


def test_only_storage_imports_peewee() -> None:
    complain(
        [
            f"{path}:{line}: peewee belongs to storage/: add a verb to storage/store.py or storage/reader.py"
            for path, text in sources(*ROOMS)
            for line, name in imports(text)
            if name.split(".")[0] == "peewee" and not path.startswith("storage/")
        ]
    )


@pytest.mark.parametrize("folder", TESTED)
def test_each_source_file_has_its_test_file(folder: str) -> None:
    found = []
    for path in sorted((ROOT / folder).glob("*.py")):
        name = f"{folder}/{path.name}"
        test = ROOT / "tests" / folder / f"test_{path.name}"
        allowed = any(fnmatch(name, gap) and name.count("/") == gap.count("/") for gap in GAPS)
        if path.name.startswith("__") or test.exists() or allowed:
            continue
        found.append(f"{name}:1: no test: write {test.relative_to(ROOT)}, or say in tests/test_tidy.py why not")
    complain(found)


def test_every_gap_is_still_one() -> None:
    complain(
        [
            f"tests/test_tidy.py: {gap} has a test now, or is gone: strike it from GAPS"
            for gap in GAPS
            if "*" not in gap
            if not (ROOT / gap).exists() or (ROOT / "tests" / Path(gap).parent / f"test_{Path(gap).name}").exists()
        ]
    )


def test_names_of_messages_are_unique() -> None:
    known: dict[str, str] = {}
    found = []
    for path, text in sources("messages"):
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef):
                if node.name in known:
                    found.append(
                        f"{path}:{node.lineno}: {known[node.name]} has a {node.name} already: name it otherwise"
                    )
                known[node.name] = path
    complain(found)


def test_every_ignored_type_says_which_error_or_why() -> None:
    bare = re.compile(r"#\s*type:\s*ignore(?!\[)(?!\s*#\s*\S)")
    complain(
        [
            f"{path}:{number}: write `# type: ignore[error-code]  # why`"
            for path, text in sources(*ROOMS, "tests", "benchmarks")
            if path != "tests/test_tidy.py"
            for number, line in enumerate(text.splitlines(), 1)
            if bare.search(line)
        ]
    )


def test_tests_do_not_sleep() -> None:
    found = []
    for path, text in sources("tests"):
        if any(fnmatch(path, allowed) for allowed in SLEEPERS):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("time.sleep", "sleep"):
                found.append(f"{path}:{node.lineno}: wait for what you wait for, or pass the time to the machine")
    complain(found)


def test_there_is_no_package_under_tests() -> None:
    # In pytest's default mode `tests/actors` shadows `actors`; import mode importlib needs none of these files.
    complain([f"{path}: delete it" for path, _ in sources("tests") if path.endswith("__init__.py")])


def test_no_module_is_called_utils() -> None:
    vague = {"utils.py", "util.py", "helpers.py", "helper.py", "misc.py", "common.py"}
    complain([f"{path}:1: name the noun" for path, _ in sources(*ROOMS, "tests") if path.split("/")[-1] in vague])
