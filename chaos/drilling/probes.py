"""What a drill looks at, past the system's own opinion where that is possible: the file, the processes, a client."""

from __future__ import annotations

from chaos.drilling.actions import Scene
from chaos.drilling.completed import STORED, completed_in
from chaos.drilling.stage import alive, named


def mode(scene: Scene) -> str:
    """The capture mode as a client is told."""
    return str(scene.stage.runtime.status()["mode"])


def sidecar_state(scene: Scene) -> str:
    return str(scene.stage.runtime.status()["sidecar"]["state"])


def books_balance(scene: Scene) -> bool:
    """received = dispositions + staged for every source and generation of every run: summed here, from the rows."""
    query = """SELECT o.received - (SELECT coalesce(sum(count), 0) FROM ledger l WHERE l.run_id = o.run_id
            AND l.source = o.source AND l.generation = o.generation)
        - (SELECT coalesce(sum(frames), 0) FROM staged_items s WHERE s.run_id = o.run_id
            AND s.source = o.source AND s.generation = o.generation) FROM offsets o"""
    return all(difference == 0 for (difference,) in scene.stage.rows(query))


def silent_drops(scene: Scene) -> int:
    """Items that the app-server completed and wrote into its rollout files, and that are not stored."""
    return len(completed_items(scene) - stored_items(scene))


def stored_twice(scene: Scene) -> int:
    """Items with more than one row."""
    query = "SELECT count(*) - count(DISTINCT turn_row || ' ' || item_id) FROM items"
    return int(scene.stage.rows(query)[0][0])


def telemetry_lost(scene: Scene) -> int:
    """Records of the drill's own exporters that were answered and are not there once; all were answered by then."""
    for each in scene.senders:
        each.stop()
    return sum(each.lost(scene.stage.rows) for each in scene.senders)


def orphans(scene: Scene) -> int:
    """Processes that name the state folder and are not of the living tree."""
    return len(alive(named(scene.stage.runtime.state_dir)) - scene.stage.everything())


def completed_items(scene: Scene) -> set[tuple[str, str, str]]:
    """(thread, turn, item) of what the program says it completed, from its own files."""
    assert scene.stage.settings.codex_home is not None
    return completed_in(scene.stage.settings.codex_home)


def stored_items(scene: Scene) -> set[tuple[str, str, str]]:
    """(session, turn, item) of every row."""
    return {(session, turn, item) for session, turn, item in scene.stage.rows(STORED)}
