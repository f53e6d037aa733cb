import json
from pathlib import Path

from tests.hybrid_capture.command import say
from tests.hybrid_capture.setup.test_collector_plan import FIRST, NOW, put


def test_a_person_looks_migrates_and_goes_back(tmp_path: Path) -> None:
    home = tmp_path / "home"
    put(home, f"{FIRST}/config.yaml", "token: hunter2-x")
    where = ("--home", home, "--state-dir", tmp_path / "state", "--json")
    shown = say("migrate-collector", "--dry-run", *where)
    assert (shown.code, shown.json["status"]) == (0, "not_started")
    assert [move["to"] for move in shown.json["moves"]] == [str(home / NOW / "config.yaml")]
    assert (home / FIRST / "config.yaml").exists()
    done = say("migrate-collector", *where)
    assert (done.code, done.json["status"]) == (0, "migrated")
    assert (home / NOW / "config.yaml").exists()
    assert say("migrate-collector", *where).json["status"] == "migrated"
    back = say("migrate-collector", "--rollback", *where)
    assert (back.code, back.json["status"]) == (0, "not_started")
    assert (home / FIRST / "config.yaml").exists()
    (home / FIRST / "link").symlink_to(home)
    refused = say("migrate-collector", *where)
    assert (refused.code, refused.json["status"]) == (1, "failed")
    assert "hunter2" not in json.dumps([shown.json, done.json, back.json, refused.json])
