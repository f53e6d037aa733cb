"""Claude Code's `settings.json`: its `env` and, if wanted, its `hooks`. Pure: text in, edits out.

The variables are those of one signal (`OTEL_EXPORTER_OTLP_LOGS_ENDPOINT`, …), which go before the general ones: who
sends metrics to another receiver keeps that. Order, layout and everything unknown stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hybrid_capture.setup import json_text
from hybrid_capture.setup.edits import KEPT, Edit, apply
from hybrid_capture.setup.json_text import Layout, Part
from hybrid_capture.setup.wish import Refused, Wish

NAME = "settings.json"
KEEP = "HYBRID_CAPTURE_KEEPS_"
"""Begins the name of a variable that keeps, in this file and nowhere else, what was replaced and may be a secret."""
EXPORT_INTERVAL_MS = 1_000
"""How often it exports; a SIGKILL loses what came since. Its own default is 5,000."""
EXPORT_TIMEOUT_MS = 60_000
"""How long it goes on trying; at its own 10,000 a longer pause of the receiver loses records (measured)."""
HOOK_EVENTS = ("SessionStart", "Stop", "SessionEnd")
HOOK_TIMEOUT_S = 5

HoldsSecret = Callable[[str], bool]


def wanted(wish: Wish) -> dict[str, str]:
    """The variables, in the order in which they are written."""
    env = {"CLAUDE_CODE_ENABLE_TELEMETRY": "1"}
    if "traces" in wish.signals:
        env["CLAUDE_CODE_ENHANCED_TELEMETRY_BETA"] = "1"
    for signal in wish.signals:
        # `METRIC`, not `METRICS`, is the spelling of OpenTelemetry's interval.
        interval = f"OTEL_{'METRIC' if signal == 'metrics' else signal.upper()}_EXPORT_INTERVAL"
        env |= {
            f"OTEL_{signal.upper()}_EXPORTER": "otlp",
            f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL": "http/protobuf",
            f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT": wish.endpoint.of(signal),
            # Not percent-encoded: claude sends header values as they are (measured).
            f"OTEL_EXPORTER_OTLP_{signal.upper()}_HEADERS": f"Authorization=Bearer {wish.token}",
            f"OTEL_EXPORTER_OTLP_{signal.upper()}_TIMEOUT": str(EXPORT_TIMEOUT_MS),
            interval: str(EXPORT_INTERVAL_MS),
        }
    if wish.prompts is not None:
        env |= dict.fromkeys(("OTEL_LOG_USER_PROMPTS", "OTEL_LOG_TOOL_DETAILS"), str(int(wish.prompts)))
    return env


def hook_entry(command: str) -> dict[str, Any]:
    """One matcher group of a hook event; asynchronous, so that no turn waits for it."""
    return {"hooks": [{"type": "command", "command": command, "async": True, "timeout": HOOK_TIMEOUT_S}]}


def plan(old: str, wish: Wish, holds_secret: HoldsSecret) -> list[Edit]:
    """The edits that make Claude Code send its telemetry to the receiver, and call the hook. Errors: Refused."""
    data = read(old)
    env = wanted(wish)
    _refuse_another_receiver(data.get("env", {}), env, wish)
    if not old.strip():
        return [Edit(0, len(old), _fresh(env, wish.hook))]
    layout, top = json_text.layout_of(old), json_text.start_of(old)
    edits: list[Edit] = []
    missing: dict[str, Any] = {}
    part = json_text.member(old, top, "env")
    if part is None:
        missing["env"] = env
    else:
        edits += _env_edits(old, part, env, layout, holds_secret)
    if wish.hook is not None:
        part = json_text.member(old, top, "hooks")
        if part is None:
            missing["hooks"] = {event: [hook_entry(wish.hook)] for event in HOOK_EVENTS}
        else:
            edits += _hook_edits(old, part, wish.hook, layout)
    members = [f"{json.dumps(key)}: {json_text.told(value, layout, 1)}" for key, value in missing.items()]
    edits += json_text.added(old, top, 1, members, layout)
    edits.sort(key=lambda edit: (edit.start, edit.end))
    read(apply(old, edits)[0])
    return edits


def read(text: str) -> dict[str, Any]:
    """What the file says. Errors: Refused."""
    if not text.strip():
        return {}
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "nested too deeply"
        raise Refused(f"{NAME} is no valid JSON ({where}): correct it first") from None
    if not isinstance(data, dict):
        raise Refused(f"{NAME} holds no JSON object: correct it first")
    for key in ("env", "hooks"):
        if not isinstance(data.get(key, {}), dict):
            raise Refused(f"`{key}` in {NAME} is no object: Claude Code cannot read that either, correct it first")
    return data


def kept_in(span: str) -> str:
    """What a span keeps of the text that it replaced: a value as it was written."""
    wrapped = "{" + span + "}"
    last = json_text.parts(wrapped, 0)[-1]
    return wrapped[last.value_at : last.end]


def values_before(old: str, keys: Sequence[str], holds_secret: HoldsSecret) -> dict[str, Any]:
    """What these variables were, for the journal; one that may be a secret is left out (see KEEP), as null."""
    env = read(old).get("env", {})
    return {key: None if _is_secret(key, env.get(key), holds_secret) else env.get(key) for key in keys}


def without(text: str, values: Mapping[str, Any], ours: Callable[[str, Any], bool], hook: str) -> tuple[str, list[str]]:
    """The text without our variables and hooks, for a file that was changed since; and names that somebody else set.

    `values`: what each variable was before, None for one that was not there. Errors: Refused.
    """
    others: list[str] = []
    for name, before in values.items():
        env = _container(text, "env")
        here = json_text.member(text, env.value_at, name) if env else None
        if env is None or here is None:
            continue
        if not ours(name, here.value):
            others.append(name)
            continue
        kept = json_text.member(text, env.value_at, KEEP + name)
        raw = text[kept.value_at : kept.end] if kept else None if before is None else json.dumps(before)
        if raw is not None:
            text = apply(text, [Edit(here.value_at, here.end, raw)])[0]
        else:
            text = _taken_out(text, env, name)
        env = _container(text, "env")
        if kept and env:
            text = _taken_out(text, env, KEEP + name)
    for event in HOOK_EVENTS:
        hooks = _container(text, "hooks")
        groups = json_text.member(text, hooks.value_at, event) if hooks else None
        if hooks is None or groups is None or not isinstance(groups.value, list):
            continue
        for index, group in reversed(list(enumerate(groups.value))):
            if hook and group == hook_entry(hook):
                text = apply(text, [json_text.removed(text, groups.value_at, index)])[0]
        text = _without_empty(text, hooks, event)
    for key in ("env", "hooks"):
        top = Part("", 0, json_text.start_of(text), len(text), None)
        text = _without_empty(text, top, key)
    read(text)
    return text, others


def _refuse_another_receiver(there: Mapping[str, Any], env: Mapping[str, str], wish: Wish) -> None:
    if wish.replace or env.items() <= there.items():
        return
    for signal in wish.signals:
        dial = f"OTEL_{signal.upper()}_EXPORTER"
        if there.get(dial, "none") not in ("none", ""):
            raise Refused(
                f"Claude Code sends its {signal} to another receiver already ({dial} in {NAME}), and has room for one: "
                "--replace takes its place, and --undo gives it back"
            )


def _fresh(env: Mapping[str, str], hook: str | None) -> str:
    data: dict[str, Any] = {"env": dict(env)}
    if hook is not None:
        data["hooks"] = {event: [hook_entry(hook)] for event in HOOK_EVENTS}
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _env_edits(old: str, env: Part, values: Mapping[str, str], layout: Layout, holds_secret: HoldsSecret) -> list[Edit]:
    edits: list[Edit] = []
    new: list[str] = []
    for name, value in values.items():
        here = json_text.member(old, env.value_at, name)
        told = f"{json.dumps(name)}: {json.dumps(value)}"
        if here is None:
            new.append(told)
        elif here.value != value:
            head = old[here.start : here.value_at]
            if _is_secret(name, here.value, holds_secret):
                gap = layout.between(2) or " "
                kept = f"{told},{gap}{json.dumps(KEEP + name)}: {old[here.value_at : here.end]}"
                edits.append(Edit(here.start, here.end, kept, before=head + KEPT))
            else:
                edits.append(Edit(here.start, here.end, told))
    return edits + json_text.added(old, env.value_at, 2, new, layout)


def _hook_edits(old: str, hooks: Part, command: str, layout: Layout) -> list[Edit]:
    edits: list[Edit] = []
    new: list[str] = []
    for event in HOOK_EVENTS:
        groups = json_text.member(old, hooks.value_at, event)
        if groups is None:
            new.append(f"{json.dumps(event)}: {json_text.told([hook_entry(command)], layout, 2)}")
        elif not isinstance(groups.value, list):
            raise Refused(f"hooks.{event} in {NAME} is no list: Claude Code cannot read that either, correct it first")
        elif hook_entry(command) not in groups.value:
            entry = json_text.told(hook_entry(command), layout, 3)
            edits += json_text.added(old, groups.value_at, 3, [entry], layout)
    return edits + json_text.added(old, hooks.value_at, 2, new, layout)


def _is_secret(name: str, value: Any, holds_secret: HoldsSecret) -> bool:
    return value is not None and (name.endswith("_HEADERS") or holds_secret(f"{name}={value}"))


def _container(text: str, key: str) -> Part | None:
    return json_text.member(text, json_text.start_of(text), key)


def _taken_out(text: str, container: Part, key: str) -> str:
    keys = [part.key for part in json_text.parts(text, container.value_at)]
    index = len(keys) - 1 - keys[::-1].index(key)
    return apply(text, [json_text.removed(text, container.value_at, index)])[0]


def _without_empty(text: str, container: Part, key: str) -> str:
    here = json_text.member(text, container.value_at, key)
    if here is None or here.value not in ({}, []):
        return text
    return _taken_out(text, container, key)
