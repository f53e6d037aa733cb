"""Setting up and taking back, as the command line asks for it."""

import json
import stat
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hybrid_capture.console import Screen
from hybrid_capture.problems import Problem
from hybrid_capture.setup import change
from hybrid_capture.setup.change import Asked
from tests.hybrid_capture.command import say

SECRETS = {
    "anthropic": "sk-ant-" + "api03-Zq8vN3xT7wLk2RbY9cHs4JdF6mPe1AaU0gVoT5iB-AA",
    "receiver": "of-a-form-that-no-rule-knows",
}
CODEX = f"""# mine
model = "x"

[otel]
environment = "dev"  # here
exporter = {{ otlp-http = {{ endpoint = "https://o.test/v1/logs", headers = {{ k = "{SECRETS["receiver"]}" }} }} }}
log_user_prompt = true
"""
CLAUDE = f"""{{
  "env": {{
    "ANTHROPIC_API_KEY": "{SECRETS["anthropic"]}",
    "OTEL_LOGS_EXPORTER": "otlp",
    "OTEL_EXPORTER_OTLP_LOGS_HEADERS": "k={SECRETS["receiver"]}"
  }},
  "hooks": {{"Stop": [{{"hooks": [{{"type": "command", "command": "beep"}}]}}]}},
  "model": "opus"
}}"""


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    return Asked("claude", tmp_path / "state", tmp_path / "home")


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes() if path.is_file() else b"", stat.S_IMODE(path.stat().st_mode))
        for path in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize(
    ("tool", "name", "text"), [("codex", "config.toml", CODEX), ("claude", "settings.json", CLAUDE)]
)
def test_a_dry_run_changes_nothing_and_undo_gives_back_every_byte(
    asked: Asked, tmp_path: Path, tool: Any, name: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "home" / name
    path.parent.mkdir()
    path.write_text(text)
    path.chmod(0o640)
    before = files(tmp_path)
    wanted = replace(asked, tool=tool, replace=True, prompts=False, hooks=tool == "claude")
    change.set_up(replace(wanted, dry_run=True), Screen(True))
    planned = told(capsys)
    assert files(tmp_path) == before
    change.set_up(wanted, Screen(True))
    done = told(capsys)
    assert (planned["written"], done["written"]) == (False, True)
    assert planned["diff"] == done["diff"]
    assert path.read_text() != text
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert "640" in done["warnings"][0]

    token = (tmp_path / "state" / "otlp.token").read_text().strip()
    assert token in path.read_text()
    elsewhere = b"".join(
        file.read_bytes() for file in (tmp_path / "state").rglob("*") if file.is_file() and file.name != "otlp.token"
    )
    for secret in (*SECRETS.values(), token):
        assert secret.encode() not in elsewhere
        assert secret not in json.dumps([planned, done])

    change.undo(wanted, Screen(True))
    undone = told(capsys)
    assert (undone["exact"], undone["left"]) == (True, [])
    assert all(secret not in json.dumps(undone) for secret in (*SECRETS.values(), token))
    assert path.read_text() == text
    assert not (tmp_path / "state" / "hooks").exists()
    with pytest.raises(Problem, match="nothing to take back"):
        change.undo(wanted, Screen(True))


def test_a_second_setup_changes_only_what_is_new_and_undo_still_goes_to_the_beginning(
    asked: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change.set_up(replace(asked, hooks=True), Screen(True))
    first = (tmp_path / "home" / "settings.json").read_text()
    change.set_up(asked, Screen(True))
    assert told(capsys)["changed"] is False
    assert (tmp_path / "home" / "settings.json").read_text() == first
    change.set_up(replace(asked, prompts=True, endpoint="http://127.0.0.1:9999"), Screen(True))
    data = json.loads((tmp_path / "home" / "settings.json").read_text())
    assert data["env"]["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"] == "http://127.0.0.1:9999/v1/logs"
    assert data["env"]["OTEL_LOG_USER_PROMPTS"] == "1"
    assert data["hooks"].keys() == {"SessionStart", "Stop", "SessionEnd"}
    change.set_up(replace(asked, hooks=False), Screen(True))
    data = json.loads((tmp_path / "home" / "settings.json").read_text())
    assert "hooks" not in data
    assert data["env"]["OTEL_LOG_USER_PROMPTS"] == "1"
    change.undo(asked, Screen(True))
    assert not (tmp_path / "home").exists()


def test_the_port_of_the_state_folder_is_told(asked: Asked, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "gateway.json").write_text('{"port": 43180}')
    change.set_up(replace(asked, tool="codex"), Screen(True))
    exporter = tomllib.loads((tmp_path / "home" / "config.toml").read_text())["otel"]["exporter"]
    assert exporter["otlp-http"]["endpoint"] == "http://127.0.0.1:43180/v1/logs"


def test_a_file_that_was_changed_since_keeps_that(
    asked: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change.set_up(replace(asked, prompts=False), Screen(True))
    path = tmp_path / "home" / "settings.json"
    data = json.loads(path.read_text())
    data["env"]["MINE"] = "1"
    data["env"]["OTEL_LOG_USER_PROMPTS"] = "1"
    path.write_text(json.dumps(data))
    change.undo(asked, Screen(True))
    undone = told(capsys)
    assert (undone["exact"], undone["left"]) == (False, ["OTEL_LOG_USER_PROMPTS"])
    assert json.loads(path.read_text()) == {"env": {"MINE": "1", "OTEL_LOG_USER_PROMPTS": "1"}}


def test_a_crash_between_note_and_file_is_no_change_at_all(
    asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "home" / "config.toml"
    path.parent.mkdir()
    path.write_text('model = "x"\n')
    codex = replace(asked, tool="codex")
    with monkeypatch.context() as broken:
        broken.setattr(change.tool_file, "replace", lambda *_: (_ for _ in ()).throw(OSError("power is gone")))
        with pytest.raises(OSError, match="power"):
            change.set_up(codex, Screen(True))
    assert path.read_text() == 'model = "x"\n'
    change.set_up(codex, Screen(True))
    assert "otel" in tomllib.loads(path.read_text())
    change.undo(codex, Screen(True))
    assert path.read_text() == 'model = "x"\n'


def test_undo_after_the_file_is_gone_leaves_it_gone(asked: Asked, tmp_path: Path) -> None:
    change.set_up(asked, Screen(True))
    (tmp_path / "home" / "settings.json").unlink()
    change.undo(asked, Screen(True))
    assert not (tmp_path / "home" / "settings.json").exists()


def test_links_and_other_receivers_are_refused_and_nothing_is_written(asked: Asked, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text(CODEX)
    (home / "settings.json").symlink_to(tmp_path / "real.json")
    with pytest.raises(Problem, match="symbolic link"):
        change.set_up(asked, Screen(True))
    with pytest.raises(Problem, match="--replace") as refused:
        change.set_up(replace(asked, tool="codex"), Screen(True))
    assert SECRETS["receiver"] not in refused.value.text
    with pytest.raises(Problem, match="--allow-remote"):
        change.set_up(replace(asked, tool="codex", endpoint="https://o.test"), Screen(True))
    assert (home / "config.toml").read_text() == CODEX
    assert not (tmp_path / "real.json").exists()


def test_on_the_command_line_a_person_sees_the_change_and_the_way_back(tmp_path: Path) -> None:
    where = ("--home", tmp_path / "home", "--state-dir", tmp_path / "state")
    shown = say("setup", "codex", "--dry-run", "--prompts", "off", *where)
    assert shown.code == 0, shown.err
    assert '+exporter = {otlp-http = {endpoint = "http://127.0.0.1:4318/v1/logs"' in shown.out
    assert "+log_user_prompt = false" in shown.out
    assert "You gain:" in shown.out
    assert "Nothing was written" in shown.out
    assert list(tmp_path.iterdir()) == []
    assert say("setup", "codex", *where).code == 0
    assert say("setup", "codex", "--undo", "--prompts", "on", *where).code == 2
    assert say("setup", "codex", "--signals", "logs,words", *where).code == 2
    undone = say("setup", "codex", "--undo", *where)
    assert "exactly as it was" in undone.out
    assert not (tmp_path / "home").exists()


def test_the_home_is_that_of_the_tool_unless_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / "c"))
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert change.file_of("codex", None) == tmp_path / "c" / "config.toml"
    assert change.file_of("claude", None) == tmp_path / ".claude" / "settings.json"
    assert change.file_of("claude", Path("/x")) == Path("/x/settings.json")
