"""What each scenario says is compared with the real program in test_conformance; here are the decisions inside."""

import subprocess
from pathlib import Path

import pytest

from chaos import scripts
from chaos.scripted_faults import FAULTS
from chaos.scripted_scenarios import SCENARIOS, decision_of, unified_diff
from chaos.scripted_turns import Answer
from chaos.scripts import PATCH_LINES


@pytest.mark.parametrize(
    ("answer", "decision"),
    [
        (Answer({"decision": "accept"}), "accept"),
        (Answer({"decision": "acceptForSession"}), "accept"),
        (Answer({"decision": {"acceptWithExecpolicyAmendment": {"execpolicy_amendment": ["ls"]}}}), "accept"),
        (Answer({"decision": "decline"}), "decline"),
        (Answer({"decision": "cancel"}), "cancel"),
        (Answer({"decision": "perhaps"}), "failed"),
        (Answer({"decision": {"perhaps": 1}}), "failed"),
        (Answer({}), "failed"),
        (Answer("accept"), "failed"),
        (Answer(error={"code": -32000, "message": "no"}), "failed"),
        (None, "failed"),
    ],
)
def test_only_a_known_decision_counts(answer: Answer | None, decision: str) -> None:
    assert decision_of(answer) == decision


def test_the_diff_of_a_patch_is_one_git_accepts(tmp_path: Path) -> None:
    text = "".join(f"{line}\n" for line in PATCH_LINES)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, timeout=20)
    subprocess.run(["git", "-C", str(tmp_path), "apply"], input=unified_diff(text).encode(), check=True, timeout=20)
    assert (tmp_path / "patched.txt").read_text() == text
    # The blob id in the recordings of the real program.
    assert "e5c5c5583f49a34e86ce622b59363df99e09d4c6" in unified_diff(text)


def test_every_documented_scenario_is_there() -> None:
    assert scripts.__doc__ is not None
    documented = {word.split(":")[1].strip("`").split(":")[0] for word in scripts.__doc__.split() if "``SCN:" in word}
    # Two are the loopback model's alone: the real program waits for a test's gate, or starts a sub-agent.
    assert {name for name in documented if name} - {"gate", "agent"} == set(SCENARIOS | FAULTS)
