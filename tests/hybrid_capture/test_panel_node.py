"""The panel's programs under Node's own test runner: `tests/panel/*.test.mjs`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = sorted((ROOT / "tests" / "panel").glob("*.test.mjs"))
NODE_MIN = 20


def missing(found: str | None, version: str) -> str:
    """What is wrong with the Node that was found; empty when it will do."""
    if found is None:
        problem = "there is no node on PATH"
    elif int(version.lstrip("v").split(".")[0]) < NODE_MIN:
        problem = f"{found} is {version}"
    else:
        return ""
    return f"{problem}: install Node {NODE_MIN} or newer, without it the panel's programs go untested"


@pytest.fixture(scope="module")
def node() -> str:
    """Node's program. Without it these tests fail: a silent skip would leave the panel untested."""
    found = shutil.which("node")
    version = "" if found is None else subprocess.check_output([found, "--version"], text=True).strip()
    problem = missing(found, version)
    if problem:
        pytest.fail(problem, pytrace=False)
    assert found is not None
    return found


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.name.removesuffix(".test.mjs"))
def test_the_panels_programs_do_what_they_say(node: str, file: Path) -> None:
    done = subprocess.run(
        [node, "--test", "--test-reporter=spec", str(file)], cwd=ROOT, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_a_node_that_is_not_there_or_too_old_is_named() -> None:
    assert missing(None, "").startswith("there is no node on PATH: install Node 20")
    assert missing("/usr/bin/node", "v18.20.4").startswith("/usr/bin/node is v18.20.4: install Node 20")
    assert missing("/usr/bin/node", "v20.0.0") == missing("/usr/bin/node", "v24.1.0") == ""


def test_there_is_something_to_run() -> None:
    names = {file.name for file in TESTS}
    assert {"wire.test.mjs", "client.test.mjs", "controller.test.mjs"} <= names
