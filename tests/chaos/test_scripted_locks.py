from __future__ import annotations

from pathlib import Path

from chaos.scripted_locks import WriterLocks


def test_one_process_at_a_time_writes_a_thread(tmp_path: Path) -> None:
    one, two = WriterLocks(tmp_path), WriterLocks(tmp_path)
    assert one.take("t1")
    assert one.take("t1")
    assert not two.take("t1")
    assert two.take("t2")
    one.release()
    assert not (tmp_path / "thread-writer-locks" / "t1.lock").exists()
    assert two.take("t1")
    two.release()
