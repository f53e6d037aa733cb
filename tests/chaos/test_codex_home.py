import base64
import os
import time
import tomllib
from pathlib import Path

import orjson
import pytest

from chaos.codex_home import ACCOUNT_ID, Auth, codex_env, unsigned_jwt, write_codex_home

URL = "http://127.0.0.1:18080"


def claims(token: str) -> dict[str, object]:
    body = token.split(".")[1]
    decoded = orjson.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert isinstance(decoded, dict)
    return decoded


def test_a_token_carries_the_account_and_its_time() -> None:
    now_s = time.time()
    told = claims(unsigned_jwt(plan="plus", lifetime_s=60))
    assert told["https://api.openai.com/auth"]["chatgpt_plan_type"] == "plus"  # type: ignore[index]
    assert abs(int(str(told["exp"])) - now_s - 60) < 5


def test_the_config_knows_only_the_loopback_model(tmp_path: Path) -> None:
    home = write_codex_home(
        tmp_path / "home",
        URL,
        sandbox_mode="workspace-write",
        stream_max_retries=2,
        extra_toml='[otel]\nexporter = "none"\n',
    )
    config = tomllib.loads((home / "config.toml").read_text())
    assert config["sandbox_mode"] == "workspace-write"
    assert config["model_providers"]["mock"]["base_url"] == f"{URL}/v1"
    assert config["model_providers"]["mock"]["stream_max_retries"] == 2
    assert config["otel"] == {"exporter": "none"}
    assert config["features"] == {"plugins": False, "apps": False, "remote_plugin": False}


@pytest.mark.parametrize(("auth", "mode"), [("chatgpt", "chatgpt"), ("expired", "chatgpt"), ("apikey", "apikey")])
def test_the_stored_login(tmp_path: Path, auth: Auth, mode: str) -> None:
    home = write_codex_home(tmp_path, URL, auth=auth)
    stored = orjson.loads((home / "auth.json").read_bytes())
    assert stored["auth_mode"] == mode
    assert (home / "auth.json").stat().st_mode & 0o777 == 0o600
    if mode == "chatgpt":
        expires_s = int(str(claims(stored["tokens"]["id_token"])["exp"]))
        assert (expires_s < time.time()) == (auth == "expired")
        assert stored["tokens"]["account_id"] == ACCOUNT_ID


def test_no_login_is_no_file(tmp_path: Path) -> None:
    assert not (write_codex_home(tmp_path, URL, auth="none") / "auth.json").exists()


def test_the_environment_is_clean_and_every_way_out_leads_to_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-user")
    monkeypatch.setenv("CODEX_SOMETHING", "x")
    env = codex_env(Path("/home/user/codex-home"), URL)
    assert env["CODEX_HOME"] == "/home/user/codex-home"
    assert "OPENAI_API_KEY" not in env
    assert "CODEX_SOMETHING" not in env
    assert {env[name] for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy")} == {URL}
    assert env["PATH"] == os.environ["PATH"]
