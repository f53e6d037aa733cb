import pytest

from hybrid_capture.problems import USAGE, Problem
from hybrid_capture.setup.endpoint import endpoint_of


@pytest.mark.parametrize(
    "text", ["http://127.0.0.1:4318", "http://localhost:1/", "https://[::1]:4318", "http://127.1.2.3/otlp/x/"]
)
def test_an_endpoint_on_this_machine_is_taken(text: str) -> None:
    endpoint = endpoint_of(text, allow_remote=False)
    assert not endpoint.remote
    assert endpoint.of("logs") == text.rstrip("/") + "/v1/logs"


@pytest.mark.parametrize(
    "text",
    [
        *("", "127.0.0.1:4318", "ftp://127.0.0.1", "http://", "http://127.0.0.1:0", "http://127.0.0.1:99999"),
        *(
            "http://127.0.0.1:4318\n[otel]",
            'http://127.0.0.1"',
            "http://127.0.0.1 ",
            "http://127.0.0.1\x00",
            "http://ü",
        ),
        *("http://127.0.0.1?x=1", "http://127.0.0.1/#x", "http://[::1", "http://127.0.0.1\\@evil.test"),
        *("http://example.test:4318", "https://10.0.0.1", "http://127.0.0.1.evil.test", "http://0.0.0.0:4318"),
    ],
)
def test_anything_else_is_refused_unless_told(text: str) -> None:
    with pytest.raises(Problem) as refused:
        endpoint_of(text, allow_remote=False)
    assert refused.value.exit_code == USAGE


def test_a_credential_in_an_endpoint_is_refused_and_not_repeated() -> None:
    with pytest.raises(Problem) as refused:
        endpoint_of("https://user:hunter2-x@example.test", allow_remote=True)
    assert "hunter2" not in refused.value.text


def test_another_machine_needs_a_word_and_https() -> None:
    assert endpoint_of("https://otel.example.test", allow_remote=True).remote
    with pytest.raises(Problem, match="https"):
        endpoint_of("http://otel.example.test", allow_remote=True)
