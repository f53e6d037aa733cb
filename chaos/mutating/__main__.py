"""`python -m chaos.mutating`: all bugs, or those named."""

from __future__ import annotations

import sys

from chaos.mutating.hunt import main

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
