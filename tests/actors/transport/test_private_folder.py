from __future__ import annotations

import logging
import logging.config
import os
import socket
import stat
from pathlib import Path

import pytest
import thespian.system.utilis as thespian_log

from actors.transport import datagram, private_folder
from actors.transport.private_folder import FolderNotPrivateError, is_token_file, prepare, sweep


def mode_of(path: Path | str) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def test_the_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    assert mode_of(prepare(tmp_path / "deep" / "run")) == 0o700


def test_a_folder_of_our_own_that_is_too_open_is_closed(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir(mode=0o755)
    assert mode_of(prepare(tmp_path / "run")) == 0o700


def test_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FolderNotPrivateError):
        prepare(tmp_path / "run")


def test_another_users_folder_is_refused(tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a folder away")
    (tmp_path / "run").mkdir()
    os.chown(tmp_path / "run", 65534, 65534)
    with pytest.raises(FolderNotPrivateError, match="65534"):
        prepare(tmp_path / "run")


def test_thespians_log_is_private_and_the_environment_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thespian_log, "_thesplog_file", None)
    monkeypatch.setattr(thespian_log, "_thesplog_old_file", None)
    before = dict(os.environ)
    private_folder.keep_thespian_log_in(str(tmp_path))
    thespian_log.thesplog("a line", level=50)
    assert "a line" in (tmp_path / "thespian.log").read_text()
    assert mode_of(tmp_path / "thespian.log") == 0o600
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("name", "suffix", "expected"),
    [
        ("0123456789abcdef", "", True),
        ("0123456789abcdef.new", "", True),
        ("0123456789abcdef.port", ".port", True),
        ("0123456789abcdef.port.new", ".port", True),
        ("0123456789abcdef.port", "", False),
        ("0123456789abcdef", ".port", False),
        ("0123456789ABCDEF", "", False),
        ("thespian.log", "", False),
        ("0123456789abcdeg", "", False),
    ],
)
def test_only_our_own_names_are_swept(name: str, suffix: str, expected: bool) -> None:
    assert is_token_file(name, suffix) is expected


def test_a_sweep_takes_the_dead_and_leaves_the_living_and_the_strange(tmp_path: Path) -> None:
    living, dead = tmp_path / ("a" * 16), tmp_path / ("b" * 16)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(living))
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as gone:
            gone.bind(str(dead))
        (tmp_path / ("c" * 16)).write_text("a file, not a socket")
        (tmp_path / "thespian.log").touch()
        assert sweep(str(tmp_path), "", datagram.answers) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"a" * 16, "c" * 16, "thespian.log"}


def test_a_sweep_of_a_folder_that_is_not_there_does_nothing(tmp_path: Path) -> None:
    assert sweep(str(tmp_path / "nowhere"), "", lambda _: False) == 0


def test_the_actors_log_goes_to_a_file_and_not_to_the_terminal(tmp_path: Path) -> None:
    definitions = private_folder.log_definitions(str(tmp_path))
    assert [handler["filename"] for handler in definitions["handlers"].values()] == [str(tmp_path / "actors.log")]


def test_the_actors_log_is_redacted(tmp_path: Path) -> None:
    token = "ghp_" + "aB3dE5gH7jK9" * 3
    definitions = private_folder.log_definitions(str(tmp_path))
    line = logging.config.DictConfigurator(definitions).configure_formatter(definitions["formatters"]["line"])
    record = logging.LogRecord("x", logging.WARNING, "f", 1, "token %s", (token,), None)
    assert line.format(record).endswith("WARNING x token [REDACTED:github-pat]")
