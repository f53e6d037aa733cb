import signal
import sys
from pathlib import Path

import pytest

from chaos.program_run import ProgramRun

ENV = {"PATH": "/usr/bin:/bin"}
TALKER = 'import signal; print(\'{"type":"system"}\'); print(\'{"type":\', end="", flush=True); signal.pause()'


def test_a_run_can_be_watched_and_killed(tmp_path: Path) -> None:
    run = ProgramRun([sys.executable, "-c", TALKER], tmp_path, ENV, tmp_path / "out")
    run.until(lambda lines: len(lines) == 1, "its first line")
    assert run.lines == [{"type": "system"}]
    run.kill()
    assert run.process.returncode == -signal.SIGKILL
    with pytest.raises(AssertionError, match="never said more"):
        run.until(lambda lines: len(lines) == 2, "more")


def test_each_run_of_a_folder_has_files_of_its_own(tmp_path: Path) -> None:
    words = [sys.executable, "-c", "print(1)"]
    runs = [ProgramRun(words, tmp_path, ENV, tmp_path / "out") for _ in range(2)]
    assert [run.finish() for run in runs] == [[1], [1]]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("0.stderr", "0.stdout", "1.stderr", "1.stdout"),
    ]
