"""The shape language: one description gives the expression, the gate and the instances."""

import random
import re

import pytest

from storage.redacting.rule import expression, instance, leads, literals, required, to_gate, to_pattern
from storage.redacting.scan import RULES, holds


def test_a_shape_describes_a_format_once():
    shape = "sk_(live|test)_{a10,}"
    assert to_pattern(shape) == "sk_(?:live|test)_[0-9A-Za-z]{10,}+"
    assert to_gate(shape) == "sk_(?:live|test)_[0-9A-Za-z]{10}"
    assert literals(shape) == ("sk_live_", "sk_test_")
    assert leads(shape) == ("sk_live_", "sk_test_")
    made = instance(shape, random.Random(1))
    assert re.fullmatch(to_pattern(shape), made)


def test_instances_depend_on_the_seed_alone():
    assert instance("{u}-{h8}", random.Random(3)) == instance("{u}-{h8}", random.Random(3))


@pytest.mark.parametrize("number", range(len(RULES)))
def test_every_gate_matches_wherever_its_rule_does(number):
    rule = RULES[number]
    if not rule.shape:
        assert re.compile(expression(rule))
        return
    rng = random.Random(number)
    for _ in range(25):
        made = instance(rule.shape, rng)
        assert re.search(to_gate(rule.shape), made)
        assert re.search(expression(rule), made)["v"] == made


def test_every_row_passes_its_own_conditions_as_a_rule():
    weak = []
    for rule in RULES:
        if rule.shape and not rule.near:
            rng = random.Random(7)
            made = [instance(rule.shape, rng) for _ in range(60)]
            if sum(holds(rule, m, 0, len(m)) for m in made) < 45:
                weak.append(rule.id)
    assert weak == []


def test_there_are_at_least_150_formats_and_ids_fit_a_placeholder():
    assert len([rule for rule in RULES if rule.shape or rule.pattern]) >= 200
    assert len({rule.id for rule in RULES}) >= 150
    assert all(re.fullmatch(r"[a-z0-9-]{2,64}", rule.id) for rule in RULES)


@pytest.mark.parametrize(
    ("gate", "strings"),
    [
        (r"hooks\.slack\.com/[a-z]{4}", (("hooks.slack.com/",), False)),
        (r"(?:abc|defg)[0-9]+", (("abc", "defg"), False)),
        (r"(?i:Splunk) [0-9]{4}", (("splunk",), True)),
        (r"[0-9]{4}:[a-z]", ((), False)),
    ],
)
def test_fixed_strings_are_read_out_of_a_gate(gate, strings):
    assert required(gate) == strings
