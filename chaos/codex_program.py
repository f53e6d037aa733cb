"""Running the real `codex exec`, and the truth about a run as the program itself printed it.

`exec --json` gives its items numbers of its own (`item_0`), so what must be stored is told by kind, in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos.program_run import ProgramRun

Json = dict[str, Any]
KINDS = {"agent_message": "agentMessage", "command_execution": "commandExecution", "file_change": "fileChange"}


class CodexRun(ProgramRun):
    """One `codex exec --json` under way; with `session` it goes on in that one."""

    def __init__(
        self, codex: Path, prompt: str, cwd: Path, env: Mapping[str, str], folder: Path, *, session: str | None = None
    ) -> None:
        words: list[str | Path] = [codex, "exec", "--json", "--skip-git-repo-check", "-C", cwd]
        super().__init__([*words, *(["resume", session] if session else []), prompt], cwd, env, folder)


@dataclass
class ExecTruth:
    """What one run of `codex exec` printed."""

    session_id: str = ""
    kinds: list[str] = field(default_factory=list)
    """Kinds of the completed items, in order, as the store names them; the prompt is not printed."""
    tokens: tuple[int, int] = (0, 0)
    """Input and output of the turn, when it completed."""
    failed: bool = False


def exec_truth(lines: Sequence[Json]) -> ExecTruth:
    """The truth in the lines of one run."""
    truth = ExecTruth()
    for line in lines:
        match line["type"]:
            case "thread.started":
                truth.session_id = line["thread_id"]
            case "item.completed" if line["item"]["type"] in KINDS:
                truth.kinds.append(KINDS[line["item"]["type"]])
            case "turn.completed":
                truth.tokens = (line["usage"]["input_tokens"], line["usage"]["output_tokens"])
            case "turn.failed" | "error":
                truth.failed = True
    return truth
