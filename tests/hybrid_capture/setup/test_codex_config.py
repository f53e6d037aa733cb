import tomllib
from pathlib import Path
from typing import Any

import pytest

from hybrid_capture.setup import codex_config
from hybrid_capture.setup.edits import apply, take_back
from hybrid_capture.setup.endpoint import Endpoint
from hybrid_capture.setup.wish import Refused, Wish

TOKEN = "t" * 43
HERE = Endpoint("http://127.0.0.1:4318", remote=False)
SECRET = "Bearer " + "elsewhere-0123456789"
OTHER = f'{{ endpoint = "https://o.test", headers = {{ a = "{SECRET}" }} }}'


def wish(**more: Any) -> Wish:
    return Wish(endpoint=HERE, token=TOKEN, **more)


def holds_secret(text: str) -> bool:
    return "Bearer" in text


FORMS = {
    "nothing": "",
    "no otel": 'model = "x"  # the model\n\n[tools]\nweb = true\n',
    "no line end": 'model = "x"',
    "windows": 'model = "x"\r\n# note\r\n[tools]\r\nweb = true\r\n',
    "table": '[otel]\n# how it is called\nenvironment = "dev" # here\n\n[tools]\nweb = true\n',
    "empty table": "[otel]\n[tools]\nweb = true\n",
    "off": 'a = 1\n[otel]\nexporter = "none" # off\nenvironment = "dev"\n# end\n',
    "inline": 'otel = { environment = "dev", exporter = "none" } # all\nmodel = "x"\n[tools]\nweb = true\n',
    "dotted": '# first\notel.environment = "dev"\notel.exporter = "none"\nmodel = "x"\n',
    "stale nested": (
        '[otel]\nenvironment = "dev"\n[otel.exporter.otlp-http]\nendpoint = "http://old.test/v1/logs"\n'
        'protocol = "json"\n# old\n[otel.exporter.otlp-http.headers]\nx = "1"\n[tools]\nweb = true\n'
    ),
    "nested without its table": '[otel.exporter.otlp-grpc]\nendpoint = "http://old.test"\n[tools]\nweb = true\n',
    "far apart": (
        '[otel]\nenvironment = "dev"\n\n[tools]\nweb = true # yes\n\n'
        '[otel.exporter."otlp-http"]\nendpoint = "http://old.test"\nprotocol = "binary"\n\n[profiles.a]\nmodel = "y"\n'
    ),
    "in words": 'note = """\n[otel]\nexporter = "none"\n"""\n[tools]\nweb = true\n',
    "many lines": (
        '[otel]\nexporter = { otlp-http = { endpoint = "http://old.test", protocol = "json" } }\n'
        'span_attributes = """\n[tools]\n"""\n'
    ),
    "an odd one": '[mcp_servers."a.b"]\ncommand = \'c:\\x\'\nargs = [\n  "1", # one\n  "[otel]",\n]\n',
}


@pytest.mark.parametrize("old", FORMS.values(), ids=FORMS.keys())
def test_only_our_keys_change_and_undo_gives_every_byte_back(old: str) -> None:
    edits = codex_config.plan(old, wish(replace=True, prompts=True, signals=("logs", "traces")), holds_secret)
    new, hunks = apply(old, edits)
    before, after = tomllib.loads(old), tomllib.loads(new)
    keys = {"exporter", "trace_exporter", "log_user_prompt"}
    assert after["otel"]["exporter"]["otlp-http"] == {
        "endpoint": "http://127.0.0.1:4318/v1/logs",
        "protocol": "binary",
        "headers": {"Authorization": f"Bearer {TOKEN}"},
    }
    assert after["otel"]["trace_exporter"]["otlp-http"]["endpoint"].endswith("/v1/traces")
    assert after["otel"]["log_user_prompt"] is True
    others = {key: value for key, value in before.get("otel", {}).items() if key not in keys}
    assert {key: value for key, value in after["otel"].items() if key not in keys} == others
    assert {**after, "otel": None} == {**before, "otel": None}
    assert take_back(new, hunks, codex_config.kept_in) == old
    assert codex_config.plan(new, wish(prompts=True, signals=("logs", "traces")), holds_secret) == []


@pytest.mark.parametrize("name", [name for name in FORMS if name not in ("stale nested", "far apart", "many lines")])
def test_comments_stay(name: str) -> None:
    old = FORMS[name]
    new, _ = apply(old, codex_config.plan(old, wish(replace=True), holds_secret))
    comments = [line[line.index("#") :].strip() for line in old.splitlines() if "#" in line]
    assert [each for each in comments if each not in new] == []


def test_without_prompts_said_the_prompt_key_is_left_alone() -> None:
    assert "log_user_prompt" not in codex_config.wanted(wish())
    [edit] = codex_config.plan("", wish(), holds_secret)
    assert tomllib.loads(edit.text)["otel"].keys() == {"exporter"}


@pytest.mark.parametrize("name", ["stale nested", "far apart", "many lines", "nested without its table"])
def test_another_receiver_is_never_replaced_unasked(name: str) -> None:
    with pytest.raises(Refused, match="--replace") as refused:
        codex_config.plan(FORMS[name], wish(), holds_secret)
    assert "old.test" not in str(refused.value)


@pytest.mark.parametrize(
    "old",
    [
        f"[otel]\nexporter = {{ otlp-http = {OTHER} }} # keep\nx = 1\n",
        f'[otel]\nx = 1\n[otel.exporter.otlp-http]\nendpoint = "o"\nheaders.a = "{SECRET}"\n[tools]\nweb = true\n',
        f"otel = {{ exporter = {{ otlp-http = {OTHER} }} }}\n",
    ],
    ids=["inline", "nested", "all inline"],
)
def test_a_replaced_secret_stays_in_its_file_and_nowhere_else(old: str) -> None:
    new, hunks = apply(old, codex_config.plan(old, wish(replace=True), holds_secret))
    assert SECRET in new
    assert [line for line in new.splitlines() if SECRET in line and not line.startswith(codex_config.KEEP)] == []
    assert all(SECRET not in hunk.before for hunk in hunks)
    assert SECRET not in str(codex_config.values_before(old, ["exporter"], holds_secret))
    assert take_back(new, hunks, codex_config.kept_in) == old


@pytest.mark.parametrize("old", FORMS.values(), ids=FORMS.keys())
def test_a_file_that_was_changed_since_loses_only_what_is_ours(old: str) -> None:
    given = wish(replace=True, prompts=False)
    new, _ = apply(old, codex_config.plan(old, given, holds_secret))
    changed = f"added = 1 # by hand\n{new}[later]\nb = 2\n"
    values = codex_config.values_before(old, list(codex_config.wanted(given)), holds_secret)
    wrote = codex_config.wanted(given)
    text, others = codex_config.without(changed, values, lambda key, value: wrote[key] == value)
    assert others == []
    result, before = tomllib.loads(text), tomllib.loads(old)
    assert result.get("otel", {}) == before.get("otel", {})
    assert {**result, "otel": 0} == {**before, "added": 1, "later": {"b": 2}, "otel": 0}
    assert "# by hand" in text
    assert codex_config.MARK not in text


def test_a_secret_comes_back_into_a_file_that_was_changed_since() -> None:
    old = f'[otel.exporter.otlp-http]\nendpoint = "https://o.test"\nheaders.a = "{SECRET}"\n'
    new, _ = apply(old, codex_config.plan(old, wish(replace=True), holds_secret))
    wrote = codex_config.wanted(wish())
    text, _ = codex_config.without("a = 1\n" + new, {"exporter": None}, lambda key, value: wrote[key] == value)
    assert tomllib.loads(text) == {"a": 1, **tomllib.loads(old)}
    assert codex_config.KEEP not in text


def test_what_somebody_else_set_since_is_left_alone() -> None:
    new, _ = apply("", codex_config.plan("", wish(prompts=True), holds_secret))
    changed = new.replace("log_user_prompt = true", "log_user_prompt = false")
    wrote = codex_config.wanted(wish(prompts=True))
    values = {"exporter": None, "log_user_prompt": None}
    text, others = codex_config.without(changed, values, lambda key, value: wrote[key] == value)
    assert others == ["log_user_prompt"]
    assert tomllib.loads(text) == {"otel": {"log_user_prompt": False}}


@pytest.mark.parametrize("old", ["model = [unclosed", "otel = 3\n", "a = 1\na = 2\n"])
def test_a_broken_file_is_refused_and_not_repaired(old: str) -> None:
    with pytest.raises(Refused, match="first"):
        codex_config.plan(old, wish(), holds_secret)


def test_the_config_that_our_own_lanes_use_takes_it_too(tmp_path: Path) -> None:
    from chaos.codex_home import write_codex_home

    old = (write_codex_home(tmp_path, "http://127.0.0.1:9") / "config.toml").read_text()
    new, hunks = apply(old, codex_config.plan(old, wish(), holds_secret))
    assert {**tomllib.loads(new), "otel": 0} == {**tomllib.loads(old), "otel": 0}
    assert take_back(new, hunks, codex_config.kept_in) == old
