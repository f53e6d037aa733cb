"""What we stand on may be used as we use it: our licence is there, and every dependency's is on the list."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = ("hyperscan", "postgres", "desktop")
"""What a user may install beside it; tools of development do not travel with us."""
ALLOWED = ("MIT", "BSD", "Apache", "PSF", "Python Software Foundation", "ISC")
NAMED = {
    "peewee": "MIT, as the LICENSE file beside it says; its metadata says nothing",
    "psycopg": "LGPL-3.0: used as it is, through its public interface, by choice (extra postgres)",
}
"""Dependencies with another licence, and why that is well."""


def dependencies() -> list[str]:
    wanted = [*PROJECT["dependencies"], *(each for extra in EXTRAS for each in PROJECT["optional-dependencies"][extra])]
    return sorted({re.split(r"[\[<>=!~; ]", each)[0] for each in wanted})


def licence_of(name: str) -> str:
    """What the installed package says of its licence, wherever it says it."""
    told = metadata(name)
    classifiers = [each for each in told.get_all("Classifier") or () if each.startswith("License ::")]
    return " ".join([told.get("License-Expression") or "", (told.get("License") or "")[:200], *classifiers])


def test_our_own_licence_is_there_and_is_what_the_package_says() -> None:
    assert PROJECT["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text().startswith("MIT License\n")


@pytest.mark.parametrize("name", dependencies())
def test_a_dependency_may_be_used_as_we_use_it(name: str) -> None:
    try:
        told = licence_of(name)
    except PackageNotFoundError:
        pytest.skip(f"{name} is an extra that is not installed here")
    assert name in NAMED or any(word in told for word in ALLOWED), f"{name}: {told or 'says nothing'}"
