"""The wheel as strangers install it, dependencies and all: uv tool install, pipx, and a typed program on top of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.wheel import ROOT, build

pytestmark = [pytest.mark.packages, pytest.mark.timeout(600)]
BIN = Path(sys.executable).parent
CONSUMER = """
from pathlib import Path

from hybrid_capture import CaptureRuntime, Settings

settings = Settings(state_dir=Path("state"))
with CaptureRuntime(settings) as runtime:
    mode: str = runtime.status()["mode"]
    reveal_type(runtime)
    runtime.wait_for(1)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("dist")
    return into / next(name for name in build(ROOT, into) if name.endswith(".whl"))


def run(*words: str | Path, cwd: Path, ok: bool = True, **env: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HYBRID_CAPTURE_"))}
    done = subprocess.run(
        [*map(str, words)], cwd=cwd, env={**kept, **env}, check=False, capture_output=True, text=True, timeout=500
    )
    assert (done.returncode == 0) is ok, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_uv_tool_install_gives_a_command_that_works(wheel: Path, tmp_path: Path) -> None:
    env = {"UV_TOOL_DIR": str(tmp_path / "tools"), "UV_TOOL_BIN_DIR": str(tmp_path / "bin")}
    run(BIN / "uv", "tool", "install", "--python", sys.executable, wheel, cwd=tmp_path, **env)
    assert "Every promise was kept" in run(tmp_path / "bin" / "hybrid-capture", "demo", cwd=tmp_path)


def test_pipx_gives_a_command_that_works(wheel: Path, tmp_path: Path) -> None:
    env = {"PIPX_HOME": str(tmp_path / "home"), "PIPX_BIN_DIR": str(tmp_path / "bin")}
    run(BIN / "pipx", "install", "--python", sys.executable, wheel, cwd=tmp_path, **env)
    assert "Every promise was kept" in run(tmp_path / "bin" / "hybrid-capture", "demo", cwd=tmp_path)


def test_a_typed_program_is_checked_against_our_types(wheel: Path, tmp_path: Path) -> None:
    run(BIN / "uv", "venv", "--python", sys.executable, "venv", cwd=tmp_path)
    into = {"VIRTUAL_ENV": str(tmp_path / "venv")}
    run(BIN / "uv", "pip", "install", f"{wheel}[hyperscan,postgres]", "mypy", cwd=tmp_path, **into)
    (tmp_path / "consumer.py").write_text(CONSUMER)
    said = run(tmp_path / "venv/bin/mypy", "--strict", "consumer.py", cwd=tmp_path, ok=False)
    assert 'Revealed type is "hybrid_capture.runtime.CaptureRuntime"' in said
    assert "consumer.py:10: error" in said, "a mode is no number"
    assert "Found 1 error in 1 file" in said, "the rest of it is typed, and right"
