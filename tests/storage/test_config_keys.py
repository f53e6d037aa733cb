"""What a config file may say: every key by its name and type, and nothing that could be misread."""

from __future__ import annotations

import pytest

from storage.config_keys import CHANGEABLE, BadContent, parse

PLANTED = "sk-planted-secret-0123456789"


def test_every_key_is_read_by_its_setting() -> None:
    keys = parse(
        b"revision = 4\nstreaming = false\ncodex_home = '/c'\ncodex_args = ['a']\ncwd = '/w'\npython = '/p'\n"
        b"[codex]\nstreamKillSwitch = true\nappServerAuthMode = 'none'\n"
        b"[codex_environment]\nHTTP_PROXY = 'x'\n[limits]\nline_bytes_max = 2048\n[timing]\nrestarts_max = 3\n"
    )
    assert (keys.revision, keys.codex.kill_switch) == (4, True)
    assert keys.settings() == {
        "auth_mode": "none", "streaming": False, "codex_home": "/c", "codex_args": ["a"], "cwd": "/w", "python": "/p",
        "codex_environment": {"HTTP_PROXY": "x"}, "limits": {"line_bytes_max": 2048}, "timing": {"restarts_max": 3},
    }  # fmt: skip
    assert "kill_switch" in CHANGEABLE
    assert "revision" not in CHANGEABLE


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "empty"),
        (" \n\n", "empty"),
        ("codex = [", "not valid TOML"),
        ("\udcff", "not UTF-8"),
        ("surprise = 1", "unknown key surprise"),
        ("kill_switch = true", "unknown key kill_switch"),
        ("[codex]\nstreamKillSwich = true", "unknown key codex.streamKillSwich"),
        ("[codex]\nstreamKillSwitch = 1", "codex.streamKillSwitch"),
        ("[codex]\nstreamKillSwitch = 'true'", "codex.streamKillSwitch"),
        ("[codex]\nappServerAuthMode = 'any'", "codex.appServerAuthMode"),
        ("codex = true", "codex"),
        ("revision = -1", "revision"),
        ("revision = true", "revision"),
        ("revision = 1.0", "revision"),
        ("revision = 1", "has no codex.streamKillSwitch"),
        ("[limits]\nline_bytes_max = 1", "limits.line_bytes_max"),
        ("[limits]\nsurprise = 1", "unknown key limits.surprise"),
        ("a = " + "[" * 5_000, "not valid TOML"),
        ("revision = " + "9" * 5_000, "a number is out of range"),
    ],
)
def test_what_does_not_fit_is_named(content: str, said: str) -> None:
    with pytest.raises(BadContent, match=said):
        parse(content.encode(errors="surrogateescape"))


@pytest.mark.parametrize(
    "content", [f"[codex]\nappServerAuthMode = '{PLANTED}'", f"streaming = '{PLANTED}'", f"codex = '{PLANTED}'"]
)
def test_an_error_never_shows_a_value(content: str) -> None:
    with pytest.raises(BadContent) as refused:
        parse(content.encode())
    assert PLANTED not in str(refused.value)
