"""The panel's programs under Node's own test runner: `tests/panel/*.test.mjs`."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = sorted((ROOT / "tests" / "panel").glob("*.test.mjs"))
NODE_MIN = 20


def node() -> str:
    """Node's program. Without it these tests are left out, but never where CI runs."""
    found = shutil.which("node")
    if found is None:
        assert not os.environ.get("CI"), "CI has no node: the panel's programs would go untested"
        pytest.skip("needs node 20 or newer on PATH")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").split(".")[0]) < NODE_MIN:
        pytest.skip(f"needs node {NODE_MIN} or newer; this is {version.strip()}")
    return found


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.name.removesuffix(".test.mjs"))
def test_the_panels_programs_do_what_they_say(file: Path) -> None:
    done = subprocess.run(
        [node(), "--test", "--test-reporter=spec", str(file)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_there_is_something_to_run() -> None:
    names = {file.name for file in TESTS}
    assert {"wire.test.mjs", "client.test.mjs", "controller.test.mjs"} <= names
