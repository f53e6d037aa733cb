import json
from typing import Any

import pytest

from hybrid_capture.setup import claude_settings
from hybrid_capture.setup.claude_settings import HOOK_EVENTS, KEEP, hook_entry
from hybrid_capture.setup.edits import apply, take_back
from hybrid_capture.setup.endpoint import Endpoint
from hybrid_capture.setup.wish import Refused, Wish

TOKEN = "t" * 43
HERE = Endpoint("http://127.0.0.1:4318", remote=False)
HOOK = "/usr/bin/python3 -I -S '/state dir/hooks/claude_transcript.py'"
SECRET = "elsewhere-" + "0123456789"


def wish(**more: Any) -> Wish:
    return Wish(endpoint=HERE, token=TOKEN, **more)


def holds_secret(text: str) -> bool:
    return SECRET in text


FORMS = {
    "empty file": "",
    "empty object": "{}",
    "empty object on lines": "{\n}\n",
    "others": '{\n  "model": "opus",\n  "permissions": {"allow": ["Bash(ls:*)"], "deny": []}\n}\n',
    "four spaces": '{\n    "env": {\n        "A": "1"\n    },\n    "z": null\n}',
    "tabs and windows": '{\r\n\t"env": {\r\n\t\t"A": "1"\r\n\t},\r\n\t"z": 1.50\r\n}\r\n',
    "one line": '{"env": {"A": "1"}, "z": [1, 2]}',
    "no space": '{"z":1,"env":{}}',
    "some set": (
        '{\n  "env": {\n    "CLAUDE_CODE_ENABLE_TELEMETRY": "0",\n    "OTEL_LOG_USER_PROMPTS" :  "0",\n'
        '    "B": "\\u00e9"\n  }\n}\n'
    ),
    "hooks": (
        '{\n  "hooks": {\n    "Stop": [\n      {"hooks": [{"type": "command", "command": "say done"}]}\n    ],\n'
        '    "PreToolUse": []\n  },\n  "env": {}\n}\n'
    ),
    "twice": '{"env": {"X": "old"}, "env": {"A": "1"}}',
}


@pytest.mark.parametrize("old", FORMS.values(), ids=FORMS.keys())
def test_only_our_keys_change_and_undo_gives_every_byte_back(old: str) -> None:
    given = wish(hook=HOOK, prompts=True)
    new, hunks = apply(old, claude_settings.plan(old, given, holds_secret))
    before, after = json.loads(old or "{}"), json.loads(new)
    ours = claude_settings.wanted(given)
    assert {**before.get("env", {}), **ours} == after["env"]
    kept = [key for key in before if key not in ("env", "hooks")]
    assert [key for key in after if key not in ("env", "hooks")] == kept
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}
    for event, groups in after["hooks"].items():
        own = [hook_entry(HOOK)] if event in HOOK_EVENTS else []
        assert groups == before.get("hooks", {}).get(event, []) + own
    assert take_back(new, hunks, claude_settings.kept_in) == old
    assert claude_settings.plan(new, given, holds_secret) == []


def test_what_is_added_looks_like_what_was_there() -> None:
    old = FORMS["four spaces"]
    new, _ = apply(old, claude_settings.plan(old, wish(), holds_secret))
    assert new.startswith('{\n    "env": {\n        "A": "1",\n        "CLAUDE_CODE_ENABLE_TELEMETRY": "1",\n')
    assert new.endswith('\n    },\n    "z": null\n}')
    assert "\n" not in apply(FORMS["one line"], claude_settings.plan(FORMS["one line"], wish(), holds_secret))[0]


def test_every_signal_has_its_own_variables_and_general_ones_stay() -> None:
    env = claude_settings.wanted(wish(signals=("logs", "traces", "metrics"), prompts=False))
    assert env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] == "http://127.0.0.1:4318/v1/traces"
    assert env["OTEL_METRIC_EXPORT_INTERVAL"] == "1000"
    assert env["OTEL_LOG_TOOL_DETAILS"] == "0"
    assert not {"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS"} & env.keys()
    assert "CLAUDE_CODE_ENHANCED_TELEMETRY_BETA" not in claude_settings.wanted(wish())


def test_another_receiver_is_never_replaced_unasked() -> None:
    old = f'{{"env": {{"OTEL_LOGS_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_HEADERS": "k={SECRET}"}}}}'
    with pytest.raises(Refused, match="--replace") as refused:
        claude_settings.plan(old, wish(), holds_secret)
    assert SECRET not in str(refused.value)
    metrics_only = '{"env": {"OTEL_METRICS_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": "https://o.test"}}'
    new, _ = apply(metrics_only, claude_settings.plan(metrics_only, wish(), holds_secret))
    assert json.loads(new)["env"]["OTEL_EXPORTER_OTLP_ENDPOINT"] == "https://o.test"


OTHER = (
    '{\n  "env": {\n    "OTEL_LOGS_EXPORTER": "console",\n'
    f'    "OTEL_EXPORTER_OTLP_LOGS_HEADERS" : "k={SECRET}",\n    "Z": "1"\n  }}\n}}\n'
)


def test_a_replaced_secret_stays_in_its_file_and_nowhere_else() -> None:
    new, hunks = apply(OTHER, claude_settings.plan(OTHER, wish(replace=True), holds_secret))
    env = json.loads(new)["env"]
    assert env[f"{KEEP}OTEL_EXPORTER_OTLP_LOGS_HEADERS"] == f"k={SECRET}"
    assert env["OTEL_EXPORTER_OTLP_LOGS_HEADERS"] == f"Authorization=Bearer {TOKEN}"
    assert all(SECRET not in hunk.before for hunk in hunks)
    assert SECRET not in str(claude_settings.values_before(OTHER, list(env), holds_secret))
    assert take_back(new, hunks, claude_settings.kept_in) == OTHER


@pytest.mark.parametrize("old", [*FORMS.values(), OTHER], ids=[*FORMS.keys(), "another receiver"])
def test_a_file_that_was_changed_since_loses_only_what_is_ours(old: str) -> None:
    given = wish(hook=HOOK, prompts=True, replace=True)
    wrote = claude_settings.wanted(given)
    new, _ = apply(old, claude_settings.plan(old, given, holds_secret))
    data = json.loads(new)
    data["env"] = {"FIRST": "by hand", **data["env"], "LAST": "by hand"}
    data["hooks"]["Stop"].append({"hooks": []})
    values = claude_settings.values_before(old, list(wrote), holds_secret)
    changed = json.dumps(data, indent=1)
    text, others = claude_settings.without(changed, values, lambda key, value: wrote[key] == value, HOOK)
    assert others == []
    before, after = json.loads(old or "{}"), json.loads(text)
    assert after["env"] == {"FIRST": "by hand", **before.get("env", {}), "LAST": "by hand"}
    there = {event: groups for event, groups in before.get("hooks", {}).items() if groups and event != "Stop"}
    assert {**there, "Stop": [*before.get("hooks", {}).get("Stop", []), {"hooks": []}]} == {
        event: groups for event, groups in after["hooks"].items() if groups
    }


def test_what_somebody_else_set_since_is_left_alone() -> None:
    given = wish(prompts=False)
    wrote = claude_settings.wanted(given)
    new, _ = apply("", claude_settings.plan("", given, holds_secret))
    changed = new.replace('"OTEL_LOG_USER_PROMPTS": "0"', '"OTEL_LOG_USER_PROMPTS": "1"')
    text, others = claude_settings.without(changed, dict.fromkeys(wrote), lambda key, value: wrote[key] == value, "")
    assert others == ["OTEL_LOG_USER_PROMPTS"]
    assert json.loads(text) == {"env": {"OTEL_LOG_USER_PROMPTS": "1"}}


@pytest.mark.parametrize(
    "old", ["{", '{"a": 1,}', "[]", "3", '{"env": []}', '{"hooks": "x"}', '{"hooks": {"Stop": {}}}', "[" * 100_000]
)
def test_a_broken_file_is_refused_and_not_repaired(old: str) -> None:
    with pytest.raises(Refused, match="first"):
        claude_settings.plan(old, wish(hook=HOOK), holds_secret)
