"""The verb `drill`. What it does is in `chaos/drilling/` and `chaos/soaking/`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from hybrid_capture.console import Screen
from hybrid_capture.problems import DONE, INTERRUPTED, USAGE, WRONG, Problem
from hybrid_capture.verbs import LOOK, Json, verb

drill_app = typer.Typer(**LOOK, help="Faults on a real tree of its own: what holds, what it costs, how long it takes.")


@contextmanager
def bad_files() -> Iterator[None]:
    """A file that is not what it should be is told in its own sentence."""
    from chaos.drilling.experiment import BadExperiment
    from chaos.drilling.report import BadSamples
    from chaos.gates import BadVerdict

    try:
        yield
    except (BadExperiment, BadSamples, BadVerdict) as error:
        raise Problem("BAD_FILE", str(error), USAGE) from None


Out = Annotated[Path, typer.Option("--out", help="Folder of results.")]


@drill_app.command("list")
@verb
def drills(as_json: Json = False) -> int:
    """List the drills that come along: what each does to the tree, and how it has to end.

    \b
    Example:
      hybrid-capture drill list
    """
    from chaos.drilling.experiment import packaged

    known = packaged()
    screen = Screen(as_json)
    screen.record({"drills": [{"name": name, **each.document()} for name, each in known.items()]})
    rows = [[name, each.ours.part, each.ours.ends, each.title] for name, each in known.items()]
    screen.table(["drill", "part", "ends as", "what"], rows)
    return DONE


@drill_app.command("run")
@verb
def run(
    names: Annotated[list[str] | None, typer.Argument(help="Drills by name, or experiment files.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every drill that comes along.")] = False,
    codex: Annotated[Path | None, typer.Option("--codex", help="On this real codex, offline, not scripted.")] = None,
    repetitions: Annotated[int | None, typer.Option("-n", "--repetitions", min=1, max=10_000, help="So often.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the moments at which faults happen.")] = 1,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, max=16, help="So many drills at once.")] = 1,
    out: Out = Path("drills"),
    as_json: Json = False,
) -> int:
    """Play drills, measure each phase from outside, and write journals and raw samples.

    Each drill has a runtime, a state folder and processes of its own and touches nothing else; what it did is undone,
    also after Ctrl-C. The exit code is 1 when a drill did not end as it has to. Several at once (--jobs) share the
    processors: what they measure is slower, never faster, than alone.

    \b
    Example:
      hybrid-capture drill run kill-ingest hang-codex -n 20
      hybrid-capture drill run --all --jobs 4
      hybrid-capture drill run --all --codex ~/.npm-global/bin/codex --out results
    """
    from chaos.drilling.playing import play_all

    if every == bool(names):
        raise Problem("BAD_OPTIONS", "name drills, or say --all: `hybrid-capture drill list` shows them", USAGE)
    with bad_files():
        ended = play_all(names or [], codex, repetitions, seed, out, Screen(as_json), jobs)
    return INTERRUPTED if ended == "interrupted" else WRONG if ended == "failed" else DONE


@drill_app.command("soak")
@verb
def soak(
    hours: Annotated[float, typer.Option("--hours", min=0.001, max=168, help="So long; 0.33 is twenty minutes.")],
    codex: Annotated[Path | None, typer.Option("--codex", help="On this real codex, offline, not scripted.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the load and of the faults.")] = 1,
    page: Annotated[Path | None, typer.Option("--html", help="Write a page with everything over time here.")] = None,
    to: Annotated[Path, typer.Option("--out", help="The result with all its samples is written here.")] = Path(
        "soak.json"
    ),
    as_json: Json = False,
) -> int:
    """Work for hours on a tree of its own while parts of it are broken by lot: what grows, slows down, or is lost.

    Both tools write files and export telemetry, a person takes turns, and every half minute a part is killed or hangs,
    the store is locked or the login is lost. Ctrl-C ends it early and still judges. Exit code 1 when anything is lost.

    \b
    Example:
      hybrid-capture drill soak --hours 0.33 --html soak.html
    """
    import orjson

    from chaos.drilling.journal import replace
    from chaos.drilling.playing import heed_termination
    from chaos.soaking import report as reports
    from chaos.soaking.faults import Fault
    from chaos.soaking.gauges import Gauge
    from chaos.soaking.soak import soak as play
    from hybrid_capture.codex_binary import resolve_codex

    screen = Screen(as_json)
    heed_termination()

    def told(each: Gauge | Fault) -> None:
        if isinstance(each, Fault):
            end = "not healthy again" if each.healthy_ms is None else f"healthy after {each.healthy_ms:.0f} ms"
            screen.say(f"{each.at_s:>8.0f} s  {each.kind}: {end}")
        else:
            said = f"{each.mode}, {each.memory_mib:.0f} MiB, {each.descriptors} descriptors, {each.rows} rows"
            screen.say(f"{each.at_s:>8.0f} s  {said}", "dim")

    done = reports.summary(play(hours, seed, resolve_codex(codex, env_path="") if codex else None, told))
    replace(to, orjson.dumps(done, option=orjson.OPT_INDENT_2) + b"\n")
    if page is not None:
        replace(page, reports.page(done).encode())
    reports.tell(done, screen)
    screen.say(f"written: {to}" + (f", {page}" if page else ""))
    return WRONG if done["failures"] else INTERRUPTED if done["interrupted"] else DONE


@drill_app.command("report")
@verb
def report(
    page: Annotated[Path | None, typer.Option("--html", help="Write a page with timelines here.")] = None,
    out: Out = Path("drills"),
    as_json: Json = False,
) -> int:
    """Show what drills measured: median and p95 of each phase, from the raw samples in a folder of results.

    \b
    Example:
      hybrid-capture drill report --html drills.html
    """
    from chaos.drilling import report as reports
    from chaos.drilling.journal import replace

    screen = Screen(as_json)
    with bad_files():
        found = reports.gather(out)
    reports.tell(found, screen)
    if page is not None:
        replace(page, reports.page(found).encode())
        screen.say(f"written: {page}")
    return DONE
