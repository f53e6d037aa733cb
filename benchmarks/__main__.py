"""Every benchmark after another: `make bench`. Each prints its own table; `python -m benchmarks.NAME` runs one."""

from __future__ import annotations

import subprocess
import sys

NAMES = ("startup", "wire", "redaction", "frames", "storing", "linkage", "otlp", "importing", "recovery", "catchup")
"""The last two need the real codex (`make codex`)."""

if __name__ == "__main__":
    broken = []
    for name in NAMES:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            broken.append(name)
    sys.exit(f"did not finish: {', '.join(broken)}" if broken else 0)
