"""The verb `gates`. What it does is in `chaos/gates.py` and `chaos/measuring/`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hybrid_capture.cli_drill import Out, bad_files
from hybrid_capture.console import Screen
from hybrid_capture.problems import DONE, USAGE, WRONG, Problem
from hybrid_capture.verbs import LOOK, Json, verb

gates_app = typer.Typer(**LOOK, help="Whether this may be released: computed from raw samples, and checked again.")
measure_app = typer.Typer(**LOOK, help="Take samples that no drill takes: from what programs and a corpus say is true.")
gates_app.add_typer(measure_app, name="measure")


@measure_app.command("linkage")
@verb
def measure_linkage(
    sessions: Annotated[int, typer.Option("--sessions", min=1, max=100_000, help="At least so many.")] = 330,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the corpus: code, histories, sessions, dates.")] = 1,
    out: Out = Path("drills"),
    as_json: Json = False,
) -> int:
    """Link a labelled corpus of sessions and git histories, and write what was linked beside what belongs together.

    \b
    Example:
      hybrid-capture gates measure linkage --sessions 330
    """
    from chaos.measuring.linkage import linkage

    screen = Screen(as_json)
    screen.say(f"making and linking {sessions} sessions: about a minute")
    path, verdicts = linkage(out, sessions, seed)
    eligible, linked = (sum(getattr(each, name) for each in verdicts) for name in ("eligible", "linked"))
    wrong = sum(each.wrong for each in verdicts)
    screen.record(
        {"sessions": len(verdicts), "eligible": eligible, "linked": linked, "wrong": wrong, "samples": str(path)}
    )
    screen.say(f"{linked} of {eligible} sessions that belong to commits are linked, {wrong} links are wrong: {path}")
    return DONE


@measure_app.command("ingest")
@verb
def measure_ingest(
    codex: Annotated[Path, typer.Option("--codex", exists=True, help="The real codex: binary, wrapper, node_modules.")],
    claude: Annotated[Path, typer.Option("--claude", exists=True, help="The real claude: binary or node_modules.")],
    sessions: Annotated[int, typer.Option("--sessions", min=1, max=10_000, help="Of each tool.")] = 21,
    out: Out = Path("drills"),
    as_json: Json = False,
) -> int:
    """Let the real programs work offline, and write how much of what they say they did is stored.

    Exit code 1 when anything is missing.

    \b
    Example:
      hybrid-capture gates measure ingest --codex node_modules --claude node_modules
    """
    from chaos.claude_program import ClaudeNotFound, find_claude
    from chaos.measuring.ingest import Unprepared, ingest
    from hybrid_capture.codex_binary import resolve_codex

    screen, done = Screen(as_json), 0

    def told(session: str) -> None:
        nonlocal done
        done += 1
        screen.say(f"  {done:>3} of {2 * sessions}  {session}")

    try:
        binary = find_claude(claude) if claude.is_dir() else claude.absolute()
        measured = ingest(out, binary, resolve_codex(codex, env_path=""), sessions, told)
    except (ClaudeNotFound, Unprepared) as error:
        raise Problem("NOT_MEASURED", str(error), USAGE) from None
    complete = True
    for tool, rows in measured.items():
        truth, stored = (sum(row[name] for row in rows) for name in ("truth", "stored"))
        complete &= truth == stored
        screen.record({"tool": tool, "sessions": len(rows), "truth": truth, "stored": stored})
        screen.say(f"{tool}: {stored} of {truth} items and prompts in {len(rows)} sessions are stored")
    return DONE if complete else WRONG


@gates_app.command("evaluate")
@verb
def evaluate(
    out: Annotated[Path, typer.Option("--samples", help="Folder of raw samples.")] = Path("drills"),
    to: Annotated[Path, typer.Option("--out", help="The verdict is written here.")] = Path("reliability-gates.json"),
    as_json: Json = False,
) -> int:
    """Compute the release gates from raw samples. What was not measured is no-go, and says so. Exit code 1 is no-go.

    \b
    Example:
      hybrid-capture gates evaluate --samples drills --out reliability-gates.json
    """
    from chaos import gates

    verdict = gates.evaluate(out)
    gates.write(to, verdict)
    return _tell(verdict, Screen(as_json))


@gates_app.command("verify")
@verb
def verify(
    verdict: Annotated[Path, typer.Argument(help="The verdict.")] = Path("reliability-gates.json"),
    out: Annotated[Path, typer.Option("--samples", help="Folder of raw samples.")] = Path("drills"),
    as_json: Json = False,
) -> int:
    """Recompute a verdict from the samples that it names. Exit code 1 when anything differs, or when it is no-go.

    \b
    Example:
      hybrid-capture gates verify reliability-gates.json --samples drills
    """
    from chaos import gates

    screen = Screen(as_json)
    with bad_files():
        differences, told = gates.verify(verdict, out), gates.read(verdict)
    screen.record({"verified": not differences, "differences": differences})
    for each in differences:
        screen.say(each, "red")
    if not differences:
        screen.say("verified: every figure follows from its samples")
    return WRONG if differences or told["verdict"] != "go" else DONE


@gates_app.command("schema")
@verb
def schema(as_json: Json = False) -> int:
    """Print the JSON schema of a verdict.

    \b
    Example:
      hybrid-capture gates schema > reliability-gates.schema.json
    """
    from chaos import gates

    Screen(as_json).document(gates.SCHEMA)
    return DONE


def _tell(verdict: dict[str, Any], screen: Screen) -> int:
    screen.record(verdict)
    rows = []
    for kind in ("release", "own"):
        for each in verdict[kind]:
            value = "not measured" if each["value"] is None else f"{each['value']:g} {each['unit']}"
            bound = f"{each['bound']} {each['unit']}"
            rows.append([each["verdict"], each["metric"], value, bound, f"n {each['n']}", kind])
    screen.table(["verdict", "metric", "value", "bound", "samples", "gate"], rows)
    screen.say(verdict["reason"] if verdict["verdict"] == "no-go" else f"go: {verdict['reason']}", "bold")
    return DONE if verdict["verdict"] == "go" else WRONG
