"""Which systems a test is about."""

from __future__ import annotations

import os

import pytest

posix = pytest.mark.skipif(os.name != "posix", reason="it is about modes, links, pipes or signals of POSIX")
