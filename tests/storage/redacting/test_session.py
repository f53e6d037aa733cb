"""Many texts that belong together."""

from storage.redacting.session import Redactor, failed


def test_a_known_value_can_be_told():
    redactor = Redactor()
    redactor.remember("one-time-code-4711", "login-code")
    assert redactor.redact("go to one-time-code-4711 now").text == "go to [REDACTED:login-code] now"


def test_memory_is_bounded():
    redactor = Redactor(values_max=4)
    for i in range(50):
        redactor.redact(f"API_TOKEN=q8ZkP2vLx9Wb{i:04d}")
    assert repr(redactor) == "Redactor(values=4)"


def test_failure_hides_everything():
    assert failed("secret").text == "[REDACTED:error]"
    assert failed(None).findings[0].end == 0
