from pathlib import Path

import pytest

from chaos.scripts import (
    PLANTED_SECRETS,
    ProcessScript,
    Scenario,
    load_script,
    pieces,
    scenario_of,
    script_json,
    secret_text,
)


@pytest.mark.parametrize(
    ("prompt", "scenario"),
    [
        ("SCN:plain hello", Scenario("plain")),
        ("SCN:long:200 go", Scenario("long", "200")),
        ("SCN:shell:approve run it", Scenario("shell", "approve")),
        ("SCN:patch run", Scenario("patch", "approve")),
        ("SCN:", Scenario("plain")),
        ("tell me a story", Scenario("plain")),
    ],
)
def test_a_prompt_names_its_scenario(prompt: str, scenario: Scenario) -> None:
    assert scenario_of(prompt) == scenario


def test_a_count_has_a_default_and_a_maximum() -> None:
    assert Scenario("long", "30").count(200) == 30
    assert Scenario("long", "many").count(200) == 200
    assert Scenario("long", "99999").count(200, 1000) == 1000


def test_pieces_are_the_text_again() -> None:
    assert "".join(pieces(secret_text(), 7)) == secret_text()
    assert all(secret in secret_text() for secret in PLANTED_SECRETS.values())


def test_a_process_script_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    script = ProcessScript(start="exit", exit_code=7, starts=({"start": "serve"},))
    path = tmp_path / "script.json"
    path.write_bytes(script_json(script))
    assert load_script(path) == script
    assert load_script(None) == ProcessScript()


def test_a_misspelt_key_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_text('{"exitcode": 3}')
    with pytest.raises(TypeError, match="exitcode"):
        load_script(path)


def test_each_start_may_have_its_own_script_and_the_last_one_stays() -> None:
    script = ProcessScript(plan="plus", starts=({"start": "exit"}, {}))
    assert [script.at_start(start).start for start in (1, 2, 3)] == ["exit", "serve", "serve"]
    assert script.at_start(1).plan == "plus"
