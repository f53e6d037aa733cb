import shlex
import stat
from pathlib import Path

from hybrid_capture.setup import hook


def test_the_script_is_private_and_goes_without_a_trace(tmp_path: Path) -> None:
    hook.install(tmp_path)
    hook.install(tmp_path)
    path = hook.script_path(tmp_path)
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)] == [0o700, 0o700]
    compile(path.read_text(), str(path), "exec")
    hook.uninstall(tmp_path)
    hook.uninstall(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_command_survives_a_folder_with_spaces_and_quotes() -> None:
    words = shlex.split(hook.command(Path("/a b/it's"), Path("/usr/bin/python 3")))
    assert words == ["/usr/bin/python 3", "-I", "-S", "/a b/it's/hooks/claude_transcript.py"]
