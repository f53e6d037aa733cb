"""The config file: whole after every crash, closed when it cannot be trusted, never overwritten by who saw less."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from storage import config as module
from storage.config import CONFIG_BYTES_MAX, ConfigFile
from storage.errors import ConfigConflict, ConfigUnusable
from tests.systems import posix

BY_HAND = """# what I chose
codex_home = "/home/x"   # mine

[codex]   # the app-server
# keep it quiet
streamKillSwitch = true
appServerAuthMode = "none"

[limits]
line_bytes_max = 2048 # small
"""


@pytest.fixture
def file(tmp_path: Path) -> ConfigFile:
    return ConfigFile(tmp_path)


def closed(file: ConfigFile, said: str) -> None:
    config = file.load()
    assert config.kill_switch, "it fails closed"
    assert config.settings == {}
    assert said in config.fault, config.fault
    assert str(file.path) in config.fault
    assert "mend it" in config.fault


# Reading and changing.


def test_without_a_file_the_defaults_hold_and_nothing_is_made(file: ConfigFile, tmp_path: Path) -> None:
    config = file.load()
    assert (config.revision, config.kill_switch, dict(config.settings), config.fault) == (0, False, {}, "")
    assert file.adopt() == config
    assert list(tmp_path.iterdir()) == []


@posix
def test_a_change_is_read_back_one_revision_later_and_both_files_are_private(file: ConfigFile) -> None:
    assert file.change(0, kill_switch=True).revision == 1
    config = file.load()
    assert (config.revision, config.kill_switch) == (1, True)
    assert file.change(1, kill_switch=False, auth_mode="apiKey", limits={"line_bytes_max": 4096}).revision == 2
    config = file.load()
    assert (config.kill_switch, config.settings) == (
        False, {"auth_mode": "apiKey", "limits": {"line_bytes_max": 4096}},
    )  # fmt: skip
    assert file.last_good() == config
    for path in (file.path, file.last_good_path):
        assert path.stat().st_mode & 0o777 == 0o600
    assert file.path.read_bytes() == file.last_good_path.read_bytes()


def test_comments_and_everything_else_stay_as_a_person_wrote_them(file: ConfigFile) -> None:
    file.path.write_text(BY_HAND)
    file.change(None, kill_switch=False)
    text = file.path.read_text()
    for comment in ("# what I chose", "# mine", "# the app-server", "# keep it quiet", "# small"):
        assert comment in text
    before, after = tomllib.loads(BY_HAND), tomllib.loads(text)
    assert after.pop("revision") == 2
    before["codex"]["streamKillSwitch"] = False
    assert after == before
    lines = [line for line in BY_HAND.splitlines() if "streamKillSwitch" not in line]
    assert [line for line in lines if line not in text.splitlines()] == []


@pytest.mark.parametrize(
    "content",
    ["codex.streamKillSwitch = false\n", "codex = {streamKillSwitch = false}\n", "[codex]\n", "streaming = true\n",
     "# only this\n", "[limits]\nline_bytes_max = 2048\n", "[codex]\r\nstreamKillSwitch = false\r\n"],
)  # fmt: skip
def test_every_way_to_write_it_can_be_changed(file: ConfigFile, content: str) -> None:
    file.path.write_text(content)
    assert file.change(None, kill_switch=True, auth_mode="none").revision == 2
    config = file.load()
    assert (config.kill_switch, config.settings["auth_mode"], config.fault) == (True, "none", "")


def test_what_cannot_be_set_is_refused_and_changes_nothing(file: ConfigFile) -> None:
    file.change(0, kill_switch=True)
    before = file.path.read_bytes()
    secret = "ghp_" + "w4Kz8TnR2vLq9XcY6bHs3JdF7mPe1AaU0gVo"
    for values, said in (
        ({"surprise": 1}, "no setting surprise"),
        ({"revision": 9}, "no setting revision"),
        ({"kill_switch": "yes"}, "codex.streamKillSwitch"),
        ({"auth_mode": "any"}, "appServerAuthMode"),
        ({"limits": {"line_bytes_max": 1}}, "line_bytes_max"),
        ({"codex_environment": {"TOKEN": secret}}, "holds a secret"),
        ({"cwd": f"/x/{secret}"}, "holds a secret"),
    ):
        with pytest.raises(ConfigUnusable, match=said) as refused:
            file.change(None, **values)
        assert secret not in str(refused.value)
    assert file.path.read_bytes() == before


# Who saw less changes nothing.


def test_a_stale_writer_is_refused_and_cannot_clear_the_switch(file: ConfigFile) -> None:
    file.change(0, kill_switch=False)
    file.change(1, kill_switch=True)
    for stale in (0, 1, 3):
        with pytest.raises(ConfigConflict, match="revision 2"):
            file.change(stale, kill_switch=False)
    assert file.load().kill_switch


def test_an_old_file_that_is_put_back_is_seen(file: ConfigFile) -> None:
    file.change(0, kill_switch=False)
    old = file.path.read_bytes()
    file.change(1, kill_switch=True)
    file.path.write_bytes(old)
    closed(file, "revision 1, older than 2")
    file.path.write_text("[codex]\nstreamKillSwitch = false\n")
    closed(file, "revision 0, older than 2")
    with pytest.raises(ConfigUnusable, match="nothing was changed"):
        file.change(None, kill_switch=False)


def test_an_edit_by_hand_counts_before_and_after_it_was_adopted(file: ConfigFile) -> None:
    file.change(0, kill_switch=False)
    file.path.write_text(file.path.read_text().replace("false", "true  # by me"))
    assert (file.load().revision, file.load().kill_switch) == (2, True)
    with pytest.raises(ConfigConflict):
        file.change(1, kill_switch=False)
    adopted = file.adopt()
    assert (adopted.revision, adopted.kill_switch) == (2, True)
    assert file.load() == file.last_good() == adopted
    assert "# by me" in file.path.read_text()
    before = file.mark()
    assert file.adopt() == adopted
    assert file.mark() == before, "once is enough"
    assert file.change(2, kill_switch=False).revision == 3


def ticked(path: Path) -> None:
    """Wait until a change of this file has another time: the clock of file systems ticks every few milliseconds."""
    beside = path.with_name("tick")
    beside.touch()
    while beside.stat().st_mtime_ns <= path.stat().st_ctime_ns:
        beside.touch()
    beside.unlink()


def test_the_mark_changes_with_every_change_and_without_the_file(file: ConfigFile) -> None:
    marks = [file.mark()]
    file.change(None, kill_switch=True)
    marks.append(file.mark())
    file.change(None, kill_switch=False)
    marks.append(file.mark())
    ticked(file.path)
    file.path.write_bytes(file.path.read_bytes())
    marks.append(file.mark())
    assert len(set(marks)) == 4
    assert file.mark() == marks[-1]


def test_two_writers_that_race_on_one_revision_have_one_winner_each_time(tmp_path: Path) -> None:
    """Two processes count up by compare-and-set: every success is one revision, and none is lost."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom storage import config\nfrom storage.errors import *\n"
        "config.LOCK_WAIT_S = 100.0  # on a slow disk the other one holds the lock nearly always\n"
        "file, won, lost = config.ConfigFile(Path(sys.argv[1])), 0, 0\n"
        "while won < 40:\n"
        "    seen = file.load()\n"
        "    assert not seen.fault, seen.fault\n"
        "    try:\n"
        "        file.change(seen.revision, kill_switch=not seen.kill_switch); won += 1\n"
        "    except ConfigConflict:\n"
        "        lost += 1\n"
        "    except ConfigUnusable as busy:\n"  # a busy disk: the other had the lock for too long
        "        assert 'another program is changing' in str(busy), busy\n"
        "print(won, lost)\n"
    )
    racers = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [racer.communicate(timeout=110)[0].split() for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0]
    assert [int(won) for won, _ in told] == [40, 40]
    config = ConfigFile(tmp_path).load()
    assert (config.revision, config.kill_switch) == (80, False)


# What cannot be trusted counts as on.


@pytest.mark.parametrize("content", ["revision = 3\n[codex]\nstreamKillSwitch = false\n", BY_HAND])
def test_a_file_that_is_cut_off_anywhere_counts_as_on(file: ConfigFile, content: str) -> None:
    file.path.write_text(content)
    file.adopt()
    file.change(None, kill_switch=False)
    whole = file.path.read_bytes()
    for length in range(len(whole)):
        file.path.write_bytes(whole[:length])
        config = file.load()
        assert config.kill_switch, length
        assert config.fault, length
    file.path.write_bytes(whole)
    assert not file.load().kill_switch


def test_zeroes_garbage_and_a_missing_file_count_as_on(file: ConfigFile) -> None:
    file.change(0, kill_switch=False)
    size = file.path.stat().st_size
    for content, said in (
        (b"", "is empty"), (b"\0" * size, "not valid TOML"), (b"\xff\xfe", "not UTF-8"), (b"}{" * 9, "not valid TOML"),
        (b"#" * (CONFIG_BYTES_MAX + 1), "larger than"),
    ):  # fmt: skip
        file.path.write_bytes(content)
        closed(file, said)
    file.path.unlink()
    closed(file, "is gone")


@posix
def test_a_link_a_folder_and_a_pipe_count_as_on_and_are_not_followed(file: ConfigFile, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.toml"
    target.write_text("[codex]\nstreamKillSwitch = false\n")
    file.path.symlink_to(target)
    closed(file, "is a symbolic link")
    with pytest.raises(ConfigUnusable, match="symbolic link"):
        file.change(None, kill_switch=False)
    assert "true" not in target.read_text()
    file.path.unlink()
    os.mkfifo(file.path)
    closed(file, "not a regular file")
    file.path.unlink()
    file.path.mkdir()
    closed(file, "config.toml")
    file.path.rmdir()
    file.last_good_path.symlink_to(target)
    closed(file, "symbolic link")


def test_a_file_that_may_not_be_read_counts_as_on(file: ConfigFile, monkeypatch: pytest.MonkeyPatch) -> None:
    file.change(0, kill_switch=False)

    def forbidden(path: Path, bytes_max: int) -> bytes:
        raise PermissionError(13, "Permission denied")  # root, who may run this, may read everything

    monkeypatch.setattr(module, "read_plain", forbidden)
    closed(file, "cannot be read (Permission denied)")


def test_a_last_good_copy_that_is_broken_is_no_witness_and_is_not_restored(file: ConfigFile) -> None:
    file.change(0, kill_switch=False)
    file.last_good_path.write_text("garbage [")
    assert not file.load().kill_switch, "the file itself is whole"
    file.path.write_text("garbage [")
    assert "start with defaults" in file.load().fault
    with pytest.raises(ConfigUnusable, match="no whole copy"):
        file.restore()


# The last good copy comes back only when asked for.


def test_the_last_good_copy_is_offered_and_comes_back_by_restore_alone(file: ConfigFile) -> None:
    file.change(0, kill_switch=False)
    good = file.change(1, auth_mode="none")
    whole = file.path.read_bytes()
    file.path.write_bytes(whole[:20])
    closed(file, "kill-switch restore")
    assert file.adopt().kill_switch, "looking at it restores nothing"
    assert file.last_good() == good
    assert file.restore() == good == file.load()
    assert file.path.read_bytes() == whole
    assert file.path.with_name("config.toml.broken").read_bytes() == whole[:20]
    assert file.restore() == good, "a file without a fault stays"


@posix
def test_a_link_is_replaced_by_restore_and_its_target_stays(file: ConfigFile, tmp_path: Path) -> None:
    good = file.change(0, kill_switch=True)
    (tmp_path / "target").write_text("mine")
    file.path.unlink()
    file.path.symlink_to(tmp_path / "target")
    assert file.restore() == good
    assert not file.path.is_symlink()
    assert (tmp_path / "target").read_text() == "mine"


# Crashes and full disks.


def test_a_disk_that_takes_nothing_is_told_and_the_old_state_holds(
    file: ConfigFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.change(0, kill_switch=True)

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_whole", full)
    with pytest.raises(ConfigUnusable, match="No space left"):
        file.change(1, kill_switch=False)
    assert (file.load().revision, file.load().kill_switch) == (1, True)


def test_a_crash_between_the_file_and_its_copy_is_made_good_by_adopt(
    file: ConfigFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.change(0, kill_switch=False)
    monkeypatch.setattr(ConfigFile, "_keep_copy", lambda self, content: None)
    file.change(1, kill_switch=True)
    monkeypatch.undo()
    assert (file.load().revision, file.load().kill_switch, file.last_good().revision) == (2, True, 1)  # type: ignore[union-attr]
    assert file.adopt().revision == 2
    assert file.last_good() == file.load()


def test_another_program_that_holds_the_lock_is_told(file: ConfigFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOCK_WAIT_S", 0.02)
    with module.exclusively(file.path.with_name("config.lock"), 1.0), pytest.raises(ConfigUnusable, match="try again"):
        file.change(None, kill_switch=True)


@posix
def test_a_writer_that_is_killed_at_any_moment_leaves_the_old_state_or_the_new(tmp_path: Path) -> None:
    """A child changes the switch without pause and tells each durable revision; SIGKILL comes at a random moment."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom storage.config import ConfigFile\n"
        "file = ConfigFile(Path(sys.argv[1]))\n"
        "while True:\n"
        "    config = file.change(None, kill_switch=not file.load().kill_switch)\n"
        "    print(config.revision, int(config.kill_switch), flush=True)\n"
    )
    chance, file, told = random.Random(7), ConfigFile(tmp_path), 0
    for _ in range(15):
        child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        first = child.stdout.readline()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(chance.random() * 0.03)
        child.kill()
        assert child.wait() == -signal.SIGKILL
        rest = child.stdout.read()
        child.stdout.close()
        lines = [line.split() for line in (first + rest).splitlines(keepends=True) if line.endswith(b"\n")]
        revision, switch = int(lines[-1][0]), bool(int(lines[-1][1]))
        config = file.load()
        assert config.fault == ""
        assert (config.revision, config.kill_switch) in ((revision, switch), (revision + 1, not switch))
        tomllib.loads(file.path.read_text())
        told += len(lines)
    assert told >= 15
    assert file.change(None, kill_switch=True).kill_switch
    names = {"config.toml", "config.toml.last-good", "config.lock"}
    assert {each.name for each in tmp_path.iterdir()} == names, "what a crash left beside is gone"
