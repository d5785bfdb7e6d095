"""The command line: one thin function a command.

What a command needs it imports when it runs, so that ``--help`` is quick. Every failure is one line
on the standard error and exit status 2; a traceback is shown only if ``BACKPROOF_TRACEBACK`` is set.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backproof import __version__

if TYPE_CHECKING:
    from backproof.checking.findings import Report
    from backproof.checking.settings import Format
    from backproof.diagnoses import Page

__all__ = ["main"]

_FAILED, _INTERRUPTED = 2, 130
#: The base of typer's complaints about a command line; older versions take it from click.
_Complaint: type[Exception] = next(
    base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException"
)
_ABOUT = """A linter for gradients: checks hand-written backward passes and names the mistake.

Example:  backproof check notebook.ipynb
"""
_ABOUT_CHECK = """Check hand-written losses, activations, layers and optimizers.

Finds them in notebooks and Python files, and says of each whether its forward and its gradients are
right, and where not, what is wrong. It runs the code that it is given.

Examples:

\b
    backproof check notebook.ipynb
    backproof check src/layers.py::MyTanh --like MyTanh=tanh
    backproof check src --format json --strict > report.json

Exit status: 0, candidates were judged and nothing is wrong; 1, findings of severity error; 2, it could
not do its work, or nothing was judged. Options may also stand in pyproject.toml, in the table
[tool.backproof].
"""
_ABOUT_EXPLAIN = """Explain a diagnosis; without a name, list them all.

What it means, how it comes about, the mathematics, wrong and right code, and how to mend it.

Examples:

\b
    backproof explain
    backproof explain upstream-ignored
"""

app = typer.Typer(add_completion=False, rich_markup_mode=None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, and give the exit status.

    ``arguments`` are those of the process unless given. 0: nothing is wrong; 1: findings of severity
    error; 2: it could not do its work; 130: interrupted.

    Examples
    --------
    >>> main(["--version"])
    backproof ...
    0
    """
    command = typer.main.get_command(app)
    try:
        status = command.main(
            None if arguments is None else list(arguments), prog_name="backproof", standalone_mode=False
        )
    except (KeyboardInterrupt, typer.Abort):
        status = _INTERRUPTED
    except _Complaint as complaint:
        status = _fail(_one_line(complaint))
    except Exception as error:
        if os.environ.get("BACKPROOF_TRACEBACK"):
            raise
        status = _fail(_unexpected(error))
    if status == _INTERRUPTED:
        _complain("interrupted")
    return int(status or 0)


def _number(kind: type[int] | type[float], description: str) -> Callable[[str], float]:
    """Make a parser whose complaint says what came; typer's own does not."""

    def parse(text: str) -> float:
        try:
            return kind(text)
        except ValueError:
            raise typer.BadParameter(f"expected {description}, got {text!r}") from None

    return parse


_WHOLE = _number(int, "a whole number")
_SECONDS = _number(float, "a number of seconds")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"backproof {__version__}")
        raise typer.Exit


@app.callback(help=_ABOUT)
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


@app.command(help=_ABOUT_CHECK)
def check(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH", help="A .py or .ipynb file, a folder, or FILE::Name for one candidate of a file."
        ),
    ],
    like: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=REFERENCE",
            help="Judge NAME by this reference, e.g. --like 'MyLoss=torch.nn.MSELoss(reduction=\"sum\")'; "
            "by its own forward alone with --like MyLoss=none. May be given several times.",
        ),
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES",
            help="Report these diagnoses only, e.g. --select gradient-sign,gradient-scale.",
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="NAMES", help="Do not report these diagnoses, e.g. --ignore gradient-at-kink."),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(metavar="text|json", help="How the report is written. Default: text."),
    ] = None,
    strict: Annotated[
        bool | None,
        typer.Option("--strict/--no-strict", help="Exit with 1 for warnings too, not for errors alone."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(metavar="N", parser=_WHOLE, help="Where the random inputs start. Default: 0."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            metavar="N", parser=_WHOLE, help="Judge this many candidates at a time. Default: one a core."
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            parser=_SECONDS,
            help="Give each candidate this long, e.g. --timeout 5. Default: 20.",
        ),
    ] = None,
) -> int:
    """Check the candidates at the paths, print the report and give the exit status."""
    from backproof.checking.report.progress import Progress
    from backproof.checking.settings import SettingsError, read_options

    given = {"like": like, "select": select, "ignore": ignore, "format": format, "strict": strict}
    try:
        options = read_options(Path.cwd(), {**given, "seed": seed, "jobs": jobs, "timeout": timeout})
    except SettingsError as error:
        return _fail(str(error))
    from backproof.checking.report.summary import complaints
    from backproof.checking.run import check_paths

    start = time.perf_counter()
    with Progress(sys.stderr) as progress:
        report = check_paths(paths, options.settings, progress)
    try:
        _write(_written(report, options.format, time.perf_counter() - start))
    except OSError as error:
        return _fail(f"could not write the report: {error}")
    if options.format == "json":
        # The text says these itself; a program's reader is told beside the report.
        for complaint in complaints(report):
            _complain(complaint)
    return report.exit_status(strict=options.strict)


@app.command(help=_ABOUT_EXPLAIN)
def explain(
    diagnosis: Annotated[str | None, typer.Argument(metavar="[DIAGNOSIS]", help="Its name.")] = None,
) -> int:
    """Print the page of a diagnosis, or the list of all, and give the exit status."""
    from backproof.diagnoses import UnknownDiagnosis, read_page

    try:
        page = None if diagnosis is None else read_page(diagnosis)
    except UnknownDiagnosis as error:
        return _fail(f"{error} ('backproof explain' lists them all)")
    try:
        _write(_explained(page))
    except OSError as error:
        return _fail(f"could not write the page: {error}")
    return 0


def _explained(page: Page | None) -> str:
    from rich.console import Console

    from backproof.checking.report.characters import showable
    from backproof.diagnoses.terminal import show_list, show_page

    console = Console()

    def clean(text: str) -> str:
        return showable(text, console.encoding)

    with console.capture() as capture:
        if page is None:
            show_list(console, clean)
        else:
            show_page(page, console, clean)
    return capture.get()


def _written(report: Report, format: Format, seconds: float) -> str:
    if format == "json":
        import json

        from backproof.checking.report.json import to_json

        return json.dumps(to_json(report), indent=2, allow_nan=False) + "\n"
    from rich.console import Console

    from backproof.checking.report.text import render

    console = Console()
    with console.capture() as capture:
        render(report, console, seconds=seconds)
    return capture.get()


def _write(text: str) -> None:
    if sys.stdout is None:
        return  # the caller closed it, so nobody wants to read
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # What is still in the buffer has nowhere to go; Python must not try again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno not in (errno.EPIPE, errno.EINVAL):  # the reader has gone; EINVAL on Windows
            raise


def _one_line(complaint: Exception) -> str:
    """Word what is wrong with the command line."""
    message = " ".join(complaint.format_message().split()).rstrip(".")  # type: ignore[attr-defined]
    context = getattr(complaint, "ctx", None)
    command = context.command_path if context else "backproof"
    return f"{message[:1].lower()}{message[1:]}; see '{command} --help'"


def _unexpected(error: Exception) -> str:
    return (
        f"unexpected {type(error).__name__}: {' '.join(str(error).split())}; this is a fault of backproof, "
        "please report it with what BACKPROOF_TRACEBACK=1 shows"
    )


def _complain(message: str) -> None:
    sys.stderr.write(f"backproof: {' '.join(message.split())}\n")


def _fail(message: str) -> int:
    _complain(message)
    return _FAILED
