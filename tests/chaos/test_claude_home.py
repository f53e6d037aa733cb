from pathlib import Path

import pytest

from chaos.claude_home import claude_env


def test_the_environment_is_clean_and_leads_only_to_the_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "a login of the caller's")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://elsewhere.test")
    env = claude_env(tmp_path / "home", "http://127.0.0.1:9")
    assert (tmp_path / "home").is_dir()
    assert env["CLAUDE_CONFIG_DIR"] == str(tmp_path / "home" / ".claude")
    assert env["ANTHROPIC_BASE_URL"] == env["HTTPS_PROXY"] == "http://127.0.0.1:9"
    assert not {"ANTHROPIC_AUTH_TOKEN", "OTEL_EXPORTER_OTLP_ENDPOINT"} & env.keys()
