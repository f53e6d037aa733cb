"""The wheel and the sdist as anybody builds them, and a fresh environment with nothing but the wheel in it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EPOCH = "1700000000"


def build(source: Path, into: Path) -> dict[str, bytes]:
    """Wheel and sdist of this source tree: bytes by name."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(into)]
    env = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH}
    subprocess.run(command, cwd=source, env=env, check=True, capture_output=True, timeout=120)
    return {each.name: each.read_bytes() for each in sorted(into.iterdir()) if each.suffix in (".whl", ".gz")}


@dataclass
class Installed:
    """An environment with the wheel, seen from an empty folder. Our dependencies are borrowed from the one around."""

    python: Path
    cwd: Path

    @property
    def command(self) -> Path:
        return self.python.with_name("hybrid-capture")

    def run(self, *words: str | Path, timeout_s: float = 120.0) -> subprocess.CompletedProcess[str]:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HYBRID_CAPTURE_"))}
        return subprocess.run(
            [*map(str, words)], cwd=self.cwd, env=env, check=False, capture_output=True, text=True, timeout=timeout_s
        )


def install(wheel: Path, folder: Path) -> Installed:
    """Install the wheel alone, offline."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True, timeout=60)
    python = folder / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, str(wheel)], check=True, timeout=120)
    # A plain path: what the environment around installs as editable is named there by a file that is not followed.
    site = next((folder / "venv" / "lib").iterdir()) / "site-packages"
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    cwd = folder / "empty"
    cwd.mkdir()
    return Installed(python, cwd)
