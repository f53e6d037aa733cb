"""The files that the real programs write, recorded as fixtures: rollouts of codex, transcripts of claude.

`python -m chaos.file_recorder --codex PATH --claude PATH --out FOLDER` runs both offline and keeps what they wrote,
long texts cut and paths of this machine replaced. Beside the rollouts stand the items of the stream, so a test can hold
the file's spelling against the stream's.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from chaos.claude_home import claude_env
from chaos.claude_program import ClaudeRun, truth_of
from chaos.client import Client
from chaos.loopback_messages import LoopbackMessages
from chaos.loopback_model import LoopbackModel

Json = dict[str, Any]
TEXT_CHARS_MAX = 500
"""A longer text is cut: system prompts measure 100 kB, and no decoder looks at them."""
LIST_MAX = 12
RUN_S_MAX = 60


def trimmed(line: bytes, neutral: Mapping[str, str]) -> bytes:
    """One line of a file with its long texts and lists cut, and each key of `neutral` replaced by its value."""
    text = orjson.dumps(_short(orjson.loads(line))).decode()
    for own, other in neutral.items():
        text = text.replace(own, other)
    return text.encode() + b"\n"


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= TEXT_CHARS_MAX else f"{value[:40]}(trimmed)"
    if isinstance(value, list):
        return [_short(each) for each in value[:LIST_MAX]]
    if isinstance(value, dict):
        return {name: _short(each) for name, each in value.items()}
    return value


def record_codex(codex: Path, out: Path) -> None:
    """`main.jsonl`, `fork.jsonl`, `exec.jsonl` and `main.items.jsonl`: the stream's items of the
    first two; `spawner.jsonl` and `agent.jsonl`: a thread and its sub-agent. Takes about 10 s.
    Errors: TimeoutError, EOFError."""
    with tempfile.TemporaryDirectory() as temporary, LoopbackModel() as model:
        folder = Path(temporary).resolve()
        workspace = folder / "workspace"
        workspace.mkdir()
        home = model.write_codex_home(folder / "codex-home")
        with Client([codex, "app-server", "--strict-config"], model.codex_env(home)) as client:
            client.initialize()
            thread = client.start_thread(workspace)
            for prompt in ("SCN:plain hello", "SCN:reasoning think", "SCN:shell:fail run", "SCN:fail:500"):
                _codex_turn(client, thread, prompt)
            for prompt in ("SCN:shell:approve", "SCN:patch:approve"):
                for decision in ("accept", "decline"):
                    _codex_turn(client, thread, f"{prompt} {decision}", decision)
            since = len(client.lines)
            turn = client.start_turn(thread, "SCN:interrupt")
            client.wait_method("item/agentMessage/delta", since=since)
            client.request("turn/interrupt", {"threadId": thread, "turnId": turn})
            client.turn_completed(turn)
            since = len(client.lines)
            client.request("thread/compact/start", {"threadId": thread})
            client.wait_method("turn/completed", since=since)
            client.turn(thread, "SCN:plain after the compaction")
            fork = client.request("thread/fork", {"threadId": thread})["thread"]["id"]
            client.turn(fork, "SCN:plain by the fork")
            since = len(client.lines)
            client.start_turn(thread, "SCN:shell:approve killed")
            client.wait_method("item/commandExecution/requestApproval", since=since)
            client.kill()
            items = [each["params"] for each in client.notifications("item/completed")]
        spawner, agent = _with_sub_agent(codex, model, home, workspace)
        exec_: list[str | Path] = [codex, "exec", "--skip-git-repo-check"]
        env = model.codex_env(home)
        for words in (["SCN:shell by exec"], ["resume", "--last", "SCN:plain resumed"]):
            run = [*exec_[:2], *words[:-1], *exec_[2:], words[-1]]
            subprocess.run(run, cwd=workspace, env=env, check=True, capture_output=True, timeout=RUN_S_MAX)
        neutral = {str(folder): "/home/user"}
        out.mkdir(parents=True, exist_ok=True)
        names = {thread: "main", fork: "fork", spawner: "spawner", agent: "agent"}
        for path in sorted((home / "sessions").rglob("*.jsonl")):
            name = next((name for each, name in names.items() if each in path.name), "exec")
            _keep(path, out / f"{name}.jsonl", neutral)
        told = b"".join(orjson.dumps(each) + b"\n" for each in items)
        (out / "main.items.jsonl").write_bytes(told.replace(str(folder).encode(), b"/home/user"))


def _with_sub_agent(codex: Path, model: LoopbackModel, home: Path, workspace: Path) -> tuple[str, str]:
    """A thread whose turn spawned a sub-agent, and the sub-agent's thread."""
    words: list[str | Path] = [codex, "-c", "features.multi_agent_v2=true", "app-server", "--strict-config"]
    with Client(words, model.codex_env(home)) as client:
        client.initialize()
        thread = client.start_thread(workspace)
        client.turn(thread, "SCN:agent")
        client.wait(lambda m: _is_end_of_another(m, thread), "the sub-agent's end")
        activity = next(
            each["params"]["item"] for each in client.notifications("item/completed")
            if each["params"]["item"]["type"] == "subAgentActivity"
        )  # fmt: skip
    return thread, str(activity["agentThreadId"])


def _is_end_of_another(message: Json, thread: str) -> bool:
    return message.get("method") == "turn/completed" and message["params"]["threadId"] != thread


def _codex_turn(client: Client, thread: str, prompt: str, decision: str = "accept") -> None:
    since = len(client.lines)
    turn = client.start_turn(thread, prompt)
    while True:
        said = client.wait(
            lambda m: m.get("method") == "turn/completed" or ("id" in m and "method" in m), "an end", since=since
        )
        if said["method"] == "turn/completed":
            assert said["params"]["turn"]["id"] == turn, "another turn ended"
            return
        since = next(n for n, line in enumerate(client.lines) if line.message is said) + 1
        client.answer(said["id"], {"decision": decision})


def record_claude(claude: Path, out: Path) -> None:
    """Transcripts of: tools and a resume, its fork, a sub-agent and its caller, an API error, a compaction.

    Takes about 10 s. Errors: subprocess.TimeoutExpired.
    """
    with tempfile.TemporaryDirectory() as temporary, LoopbackMessages() as api:
        folder = Path(temporary).resolve()
        workspace = folder / "workspace"
        workspace.mkdir()
        env = claude_env(folder / "home", api.url)

        def run(prompt: str, *more: str) -> str:
            return truth_of(ClaudeRun(claude, prompt, workspace, env, folder / "out", *more).finish()).session_id

        tools = run(f"SCN:tools in:{workspace}")
        run("SCN:thinking again", "--resume", tools)
        names = {tools: "tools", run("SCN:plain forked", "--resume", tools, "--fork-session"): "fork"}
        names[run("SCN:agent")] = "agent"
        names[run("SCN:fail:400")] = "error"
        compact = run("SCN:plain before")
        run("/compact", "--resume", compact)
        run("SCN:plain after", "--resume", compact)
        names[compact] = "compact"
        out.mkdir(parents=True, exist_ok=True)
        slug = str(workspace).replace("/", "-")
        neutral = {str(folder): "/home/user", slug: "-home-user-workspace"}
        for path in sorted((folder / "home/.claude/projects").rglob("*.jsonl")):
            name = "subagent" if path.name.startswith("agent-") else names[path.stem]
            _keep(path, out / f"{name}.jsonl", neutral)


def _keep(path: Path, to: Path, neutral: Mapping[str, str]) -> None:
    to.write_bytes(b"".join(trimmed(line, neutral) for line in path.read_bytes().splitlines()))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m chaos.file_recorder", description="Record rollouts, transcripts.")
    parser.add_argument("--codex", type=Path, help="native codex binary")
    parser.add_argument("--claude", type=Path, help="native claude binary")
    parser.add_argument("--out", type=Path, required=True, help="folder for the recordings")
    options = parser.parse_args()
    if options.codex is not None:
        record_codex(options.codex.absolute(), options.out / "rollouts")
    if options.claude is not None:
        record_claude(options.claude.absolute(), options.out / "transcripts")
    sys.stdout.buffer.write(f"{options.out}\n".encode())


if __name__ == "__main__":
    main()
