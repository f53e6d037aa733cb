"""What every verb of the command line has: common options, and how it ends.

A verb exits with what it returns; what is expected to go wrong is told in one sentence (`problems.py`). Groups of verbs
in files of their own take from here, and `cli.py` registers them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ParamSpec

import typer

from hybrid_capture.console import Screen
from hybrid_capture.problems import EXIT_CODES, INTERRUPTED, UNUSABLE, Problem, problem_of

EPILOG = "\b\nExit codes:\n" + "\n".join(f"{code:>5}  {meaning}" for code, meaning in EXIT_CODES.items())
# Plain help: Rich's would double the time of --help. Tracebacks without local values, which may hold secrets.
LOOK: dict[str, Any] = {"rich_markup_mode": None, "pretty_exceptions_enable": False, "no_args_is_help": True}

StateDir = Annotated[
    Path | None,
    typer.Option("--state-dir", envvar="HYBRID_CAPTURE_STATE_DIR", help="Folder of database, sockets and logs."),
]
Json = Annotated[bool, typer.Option("--json", help="Machine output: JSON on standard output.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1_000, help="Newest so many.")]

Given = ParamSpec("Given")


def verb(run: Callable[Given, int]) -> Callable[Given, None]:
    """Exit with what the verb returns; tell what is expected to go wrong in one sentence."""

    @functools.wraps(run)
    def told(*args: Given.args, **given: Given.kwargs) -> None:
        try:
            code = run(*args, **given)
        except KeyboardInterrupt:
            code = INTERRUPTED
        except Exception as error:
            problem = _in_the_way(error) or problem_of(error)
            if problem is None:
                raise
            Screen(bool(given.get("as_json"))).problem(problem)
            code = problem.exit_code
        raise typer.Exit(code)

    return told


def folder_verb(run: Callable[[Path, Screen], int]) -> Callable[..., None]:
    """A verb that is told nothing but which state folder, and whether a program reads what it says."""

    def told(state_dir: StateDir = None, as_json: Json = False) -> int:
        return run(folder_of(state_dir), Screen(as_json))

    # Not `functools.wraps`: Typer would follow it to the signature within.
    told.__name__, told.__doc__ = run.__name__, run.__doc__
    return verb(told)


def _in_the_way(error: Exception) -> Problem | None:
    """What cannot be imported may be there, behind another program's package of that name."""
    if not isinstance(error, ImportError):
        return None
    from hybrid_capture import neighbours

    strange = neighbours.in_the_way()
    return Problem("NOT_OURS", f"{strange}; {neighbours.HINT}", UNUSABLE) if strange else None


def folder_of(given: Path | None) -> Path:
    """The state folder that a verb works on."""
    if given is None:
        from hybrid_capture.settings import default_state_dir

        given = default_state_dir()
    return given.absolute()


def database_of(state_dir: Path | None) -> str:
    """Path or DSN of the store of a state folder."""
    from hybrid_capture.settings import store_of

    return store_of(folder_of(state_dir))
