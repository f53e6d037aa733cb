"""Many texts that belong together."""

from storage.redacting.session import Clean, Redactor, failed


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


def test_what_was_found_clean_is_hidden_once_its_value_has_given_itself_away():
    value = "kV9xQ2mT7bLp4Zr8"
    redactor = Redactor()
    assert redactor.redact_json({"note": value})["note"] == value
    told = redactor.redact_json([{"password": value}, {"note": value}])
    assert value not in str(told)
    assert Redactor().redact_json({"note": value})["note"] == value


def test_clean_texts_are_remembered_within_a_bound():
    clean = Clean(texts_max=2)
    for text in ("a", "b", "c", "d", "e"):
        clean.add(text)
    assert ("e" in clean, "a" in clean) == (True, False)
    assert repr(clean) == "Clean(3)"
