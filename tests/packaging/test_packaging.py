"""What is built is the same each time, and what is installed works from an empty folder, with nothing of this tree."""

from __future__ import annotations

import ast
import importlib
import io
import json
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import hybrid_capture
from tests.packaging.wheel import ROOT, Installed, build, install

PACKAGES = ("actors", "chaos", "hybrid_capture", "messages", "storage")
EVERY_HELP = """
import contextlib, io, sys
import typer.main
from hybrid_capture.cli import app
def walk(words, command):
    for name, child in getattr(command, "commands", {}).items():
        yield from walk([*words, name], child)
    yield words
for words in walk([], typer.main.get_command(app)):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            app([*words, "--help"], prog_name="hybrid-capture", standalone_mode=False)
        except SystemExit as left:
            assert not left.code, words
    assert "Usage: hybrid-capture" in said.getvalue(), words
    print(" ".join(words) or "(bare)")
"""
EVERY_MODULE = """
import importlib, pkgutil, sys
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    assert "/site-packages/" in package.__file__, package.__file__
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return build(ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installed(built: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("installed")
    name = next(each for each in built if each.endswith(".whl"))
    (folder / name).write_bytes(built[name])
    return install(folder / name, folder)


def test_two_builds_are_byte_for_byte_the_same_also_from_the_sdist(built: dict[str, bytes], tmp_path: Path) -> None:
    sdist = next(name for name in built if name.endswith(".gz"))
    with tarfile.open(fileobj=io.BytesIO(built[sdist])) as archive:
        archive.extractall(tmp_path, filter="data")
    assert build(tmp_path / sdist.removesuffix(".tar.gz"), tmp_path / "again") == built


def test_the_wheel_holds_every_file_of_its_packages_and_no_tests(built: dict[str, bytes]) -> None:
    wheel = next(content for name, content in built.items() if name.endswith(".whl"))
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    there = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert held == there
    assert {f"{package}/py.typed" for package in PACKAGES} <= held


def test_every_verb_teaches_itself_from_an_empty_folder(installed: Installed) -> None:
    told = installed.run(installed.python, "-c", EVERY_HELP)
    assert told.returncode == 0, told.stderr
    assert {"(bare)", "run", "demo", "doctor", "sessions export", "drill run"} <= set(told.stdout.splitlines())
    bare = installed.run(installed.command, "--version")
    assert (bare.returncode, bare.stdout) == (0, "hybrid-capture 0.1.0\n")


def test_every_module_imports_from_the_wheel_alone(installed: Installed) -> None:
    done = installed.run(installed.python, "-c", EVERY_MODULE, *PACKAGES)
    assert done.returncode == 0, done.stderr


@pytest.mark.live
def test_the_demo_keeps_its_promises_from_the_wheel(installed: Installed) -> None:
    done = installed.run(installed.command, "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every promise was kept" in done.stdout
    assert list(installed.cwd.iterdir()) == [], "it writes where it was told to, and nowhere else"


def test_a_package_of_somebody_else_that_comes_first_is_named_and_not_a_traceback(installed: Installed) -> None:
    report = installed.run(installed.command, "doctor", "--json", "--state-dir", installed.cwd.parent / "state")
    packages = next(each for each in json.loads(report.stdout)["checks"] if each["name"] == "packages")
    assert packages["state"] == "ok", packages
    stranger = installed.cwd / "messages"
    stranger.mkdir()
    (stranger / "__init__.py").write_text("")
    try:
        found = installed.run(installed.python, "-m", "hybrid_capture", "doctor")  # the folder of a start comes first
    finally:
        shutil.rmtree(stranger)
    assert found.returncode == 6
    assert f"messages at {installed.cwd}" in found.stderr
    assert "virtual environment of its own" in found.stderr
    assert "Traceback" not in found.stderr


def test_an_older_python_is_told_so_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for file in ("__init__.py", "__main__.py"):
        ast.parse((ROOT / "hybrid_capture" / file).read_text(), feature_version=(3, 7))
    with monkeypatch.context() as old:
        old.setattr(sys, "version_info", (3, 9, 16, "final", 0))
        with pytest.raises(ImportError, match=r"needs Python 3\.11 or newer, and this is 3\.9"):
            importlib.reload(hybrid_capture)
    importlib.reload(hybrid_capture)


@pytest.mark.skipif(shutil.which("pypy3") is None, reason="no older interpreter on this machine (Debian: pypy3)")
def test_a_real_older_python_ends_with_that_sentence() -> None:
    there = Installed(Path(shutil.which("pypy3") or ""), ROOT)
    version = there.run(there.python, "-c", "import sys; print(sys.version_info < (3, 11))").stdout.strip()
    if version != "True":
        pytest.skip("the pypy3 of this machine is new enough")
    done = there.run(there.python, "-m", "hybrid_capture", "--help")
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr
    assert "Traceback" not in done.stderr
