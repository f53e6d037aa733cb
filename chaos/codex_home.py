"""A CODEX_HOME and an environment in which the real codex talks to nobody but a loopback model.

Measured with codex 0.169: with this config and environment no request leaves the machine, at start or during turns.
All tokens are unsigned and fake.
"""

from __future__ import annotations

import base64
import os
import time
from pathlib import Path
from typing import Literal, TypedDict, Unpack

import orjson

from chaos.loopback import proxy_variables

Auth = Literal["chatgpt", "apikey", "none", "expired"]

ACCOUNT_ID = "acct-probe-0001"
USER_ID = "user-probe"
EMAIL = "probe@example.test"
WORKSPACE = "Probe WS"
FAKE_API_KEY = "sk-" + "probe-not-a-real-key"
TOKEN_LIFETIME_S = 24 * 3600

_CONFIG = """\
model = "gpt-5.5"
model_provider = "mock"
approval_policy = "{approval_policy}"
sandbox_mode = "{sandbox_mode}"
check_for_update_on_startup = false
cli_auth_credentials_store = "file"
chatgpt_base_url = "{url}/backend-api"

[model_providers.mock]
name = "Loopback model"
base_url = "{url}/v1"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = {stream_max_retries}
stream_idle_timeout_ms = 15000
requires_openai_auth = {requires_openai_auth}
supports_websockets = false

[analytics]
enabled = false

[feedback]
enabled = false

[features]
plugins = false
apps = false
remote_plugin = false
"""


def unsigned_jwt(*, plan: str = "pro", lifetime_s: int = TOKEN_LIFETIME_S, account_id: str = ACCOUNT_ID) -> str:
    """A token codex accepts offline: algorithm `none`, the account claims, any signature. Below 0 it is expired."""
    claims = {
        "email": EMAIL,
        "exp": int(time.time()) + lifetime_s,
        "https://api.openai.com/auth": {
            "chatgpt_plan_type": plan,
            "chatgpt_user_id": USER_ID,
            "chatgpt_account_id": account_id,
        },
    }
    parts = (orjson.dumps({"alg": "none", "typ": "JWT"}), orjson.dumps(claims), b"signature")
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


class HomeOptions(TypedDict, total=False):
    """What `write_codex_home` may be told."""

    auth: Auth
    """What is stored (default `chatgpt`); `expired` are ChatGPT tokens whose time is over."""
    sandbox_mode: str
    """Default `read-only`."""
    approval_policy: str
    """Default `on-request`; `untrusted` here is fatal to codex 0.169."""
    requires_openai_auth: bool
    """Default true; false is a provider that needs no login."""
    stream_max_retries: int
    """Default 0; `SCN:retry` and `SCN:cut` need 2."""
    extra_toml: str
    """Appended to config.toml: tables such as `[otel]`, no top-level keys."""


def write_codex_home(path: Path, url: str, **options: Unpack[HomeOptions]) -> Path:
    """Make `path` a CODEX_HOME whose only peer is the loopback model at `url`; returns `path`.

    Under the system's temp folder codex warns on stderr that it makes no PATH aliases; that is harmless.
    """
    auth = options.get("auth", "chatgpt")
    path.mkdir(parents=True, exist_ok=True)
    config = _CONFIG.format(
        url=url,
        approval_policy=options.get("approval_policy", "on-request"),
        sandbox_mode=options.get("sandbox_mode", "read-only"),
        requires_openai_auth=str(options.get("requires_openai_auth", True)).lower(),
        stream_max_retries=options.get("stream_max_retries", 0),
    )
    (path / "config.toml").write_text(config + options.get("extra_toml", ""))
    if auth == "none":
        return path
    stored: dict[str, object]
    if auth == "apikey":
        stored = {"auth_mode": "apikey", "OPENAI_API_KEY": FAKE_API_KEY}
    else:
        expired = auth == "expired"
        token = unsigned_jwt(lifetime_s=-TOKEN_LIFETIME_S if expired else TOKEN_LIFETIME_S)
        refreshed_s = time.time() - (30 * TOKEN_LIFETIME_S if expired else 0)
        stored = {
            "auth_mode": "chatgpt",
            "OPENAI_API_KEY": None,
            "tokens": {
                "id_token": token,
                "access_token": token,
                "refresh_token": "refresh-probe",
                "account_id": ACCOUNT_ID,
            },
            "last_refresh": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(refreshed_s)),
        }
    file = path / "auth.json"
    file.write_bytes(orjson.dumps(stored))
    file.chmod(0o600)
    return path


def codex_env(codex_home: Path, url: str) -> dict[str, str]:
    """A clean environment for a codex that may only reach `url`: login, refresh and revoke go there.

    It is also the proxy for every other host, so that a leak arrives there as a CONNECT instead of leaving.
    Nothing of the caller's environment is passed on but PATH and the locale.
    """
    env = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in os.environ}
    return env | {
        "HOME": str(codex_home),
        "CODEX_HOME": str(codex_home),
        "CODEX_APP_SERVER_LOGIN_ISSUER": url,
        "CODEX_REFRESH_TOKEN_URL_OVERRIDE": f"{url}/oauth/token",
        "CODEX_REVOKE_TOKEN_URL_OVERRIDE": f"{url}/oauth/revoke",
        **proxy_variables(url),
    }
