"""Who answers lives; who does not is hung after the deadline, unless the one who asks was late itself."""

from __future__ import annotations

from hybrid_capture.pulse import Pulse


def test_it_asks_once_per_interval() -> None:
    pulse = Pulse(1.0, 3.0)
    assert [pulse.due(at / 4) for at in range(9)] == [True, False, False, False, True, False, False, False, True]
    assert pulse.count == 3


def test_an_answer_to_any_question_is_a_sign_of_life() -> None:
    pulse = Pulse(1.0, 3.0)
    for at in range(10):
        pulse.due(float(at))
        assert pulse.late_s(float(at)) is None
        pulse.heard()


def test_silence_for_the_deadline_is_a_hang() -> None:
    pulse = Pulse(1.0, 3.0)
    late = []
    for at in range(5):
        pulse.due(float(at))
        late.append(pulse.late_s(float(at)))
    assert late == [None, None, None, 3.0, 4.0]


def test_who_was_stopped_itself_forgives_once_and_then_counts_anew() -> None:
    pulse = Pulse(1.0, 3.0)
    pulse.due(0.0)
    assert pulse.late_s(0.0) is None
    pulse.due(60.0)  # a minute in which nobody ran
    assert pulse.late_s(60.0) is None
    assert [pulse.late_s(at) for at in (61.0, 62.0, 63.0)] == [None, None, 3.0]
