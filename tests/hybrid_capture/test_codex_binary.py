import os
from pathlib import Path

import pytest

from hybrid_capture import codex_binary
from hybrid_capture.codex_binary import CodexNotFound, codex_version, require_version, resolve_codex

ELF = b"\x7fELF stands for a program"


@pytest.fixture(autouse=True)
def linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codex_binary, "npm_platform", lambda: "linux-x64")


def executable(path: Path, content: bytes = ELF) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o755)
    return path


def npm_install(modules: Path, *, native: bool = True) -> tuple[Path, Path]:
    """A `node_modules` as npm leaves it: the wrapper's link in .bin, and the native binary."""
    script = executable(modules / "@openai" / "codex" / "bin" / "codex.js", b"#!/usr/bin/env node\n")
    link = modules / ".bin" / "codex"
    link.parent.mkdir()
    link.symlink_to(os.path.relpath(script, link.parent))
    binary = modules / "@openai" / "codex-linux-x64" / "vendor" / "x86_64-unknown-linux-musl" / "bin" / "codex"
    return link, executable(binary) if native else binary


def test_an_explicit_binary_is_taken_as_it_is(tmp_path: Path) -> None:
    binary = executable(tmp_path / "codex")
    assert resolve_codex(binary, env_path="") == binary


def test_an_explicit_binary_may_be_a_script_of_another_name(scripted_codex: Path) -> None:
    assert resolve_codex(scripted_codex, env_path="") == scripted_codex


def test_the_npm_wrapper_is_followed_to_the_binary_behind_it(tmp_path: Path) -> None:
    link, binary = npm_install(tmp_path / "node_modules")
    for wrapper in (link, link.resolve(), tmp_path / "node_modules"):
        assert resolve_codex(wrapper, env_path="") == binary


def test_a_wrapper_on_path_is_followed_too(tmp_path: Path) -> None:
    link, binary = npm_install(tmp_path / "lib" / "node_modules")
    on_path = tmp_path / "bin" / "codex"
    on_path.parent.mkdir()
    on_path.symlink_to(link.resolve())
    path = os.pathsep.join(["/nonexistent", str(on_path.parent)])
    assert resolve_codex(None, env_path=path) == binary


def test_the_native_package_may_lie_inside_the_wrapper(tmp_path: Path) -> None:
    link, _ = npm_install(tmp_path / "node_modules", native=False)
    inside = "node_modules/@openai/codex/node_modules/@openai/codex-linux-x64/vendor/any/bin/codex"
    inner = executable(tmp_path / inside)
    assert resolve_codex(link, env_path="") == inner


def test_search_folders_come_before_path(tmp_path: Path) -> None:
    _, binary = npm_install(tmp_path / "tools" / "node_modules")
    other = executable(tmp_path / "bin" / "codex")
    found = resolve_codex(None, env_path=str(other.parent), search=[tmp_path / "no", tmp_path / "tools/node_modules"])
    assert found == binary


def test_an_explicit_path_is_never_replaced_by_another(tmp_path: Path) -> None:
    executable(tmp_path / "bin" / "codex")
    with pytest.raises(CodexNotFound, match=r"missing does not exist; install it with `npm install -g @openai/codex`"):
        resolve_codex(tmp_path / "missing", env_path=str(tmp_path / "bin"))


def test_nothing_found_says_where_it_looked_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CodexNotFound, match=r"codex was not found on PATH or in .*modules; install it with `npm"):
        resolve_codex(None, env_path="", search=[tmp_path / "modules"])


def test_a_file_that_is_not_executable_says_so(tmp_path: Path) -> None:
    binary = executable(tmp_path / "codex")
    binary.chmod(0o644)
    with pytest.raises(CodexNotFound, match="is not executable: run `chmod"):
        resolve_codex(binary, env_path="")
    link, native = npm_install(tmp_path / "node_modules")
    native.chmod(0o644)
    with pytest.raises(CodexNotFound, match="is not executable: run `chmod"):
        resolve_codex(link, env_path="")


def test_a_wrapper_without_its_native_package_says_so(tmp_path: Path) -> None:
    link, _ = npm_install(tmp_path / "node_modules", native=False)
    with pytest.raises(CodexNotFound, match=r"without its native part @openai/codex-linux-x64: run `npm install"):
        resolve_codex(link, env_path="")
    with pytest.raises(CodexNotFound, match="without --omit=optional"):
        resolve_codex(tmp_path / "node_modules", env_path="")


def test_a_version_is_asked_of_the_program(scripted_codex: Path, tmp_path: Path) -> None:
    assert codex_version(scripted_codex) == "0.169.0-scripted"
    assert require_version(scripted_codex, (0, 169, 0)) == "0.169.0-scripted"
    with pytest.raises(CodexNotFound, match=r"is codex 0\.169\.0-scripted, but 0\.170\.0 or later is needed: run `npm"):
        require_version(scripted_codex, (0, 170, 0))


@pytest.mark.parametrize("content", [b"#!/bin/sh\necho hello world two\n", b"#!/bin/sh\nexit 3\n", b"no program"])
def test_what_is_not_codex_is_refused(tmp_path: Path, content: bytes) -> None:
    other = executable(tmp_path / "other", content)
    with pytest.raises(CodexNotFound, match=r"is not codex|--version failed"):
        codex_version(other)


def test_a_program_that_does_not_answer_is_refused_in_time(tmp_path: Path) -> None:
    slow = executable(tmp_path / "slow", b"#!/bin/sh\nexec sleep 60\n")
    with pytest.raises(CodexNotFound, match="timed out"):
        codex_version(slow, wait_s=0.3)


@pytest.mark.real
def test_the_real_binary_is_native_and_tells_its_version(real_codex: Path) -> None:
    assert real_codex.read_bytes()[:4] == b"\x7fELF" or real_codex.suffix == ".exe"
    assert require_version(real_codex, (0, 169, 0))
