"""The command line: one thin function a command.

What a command needs it imports when it runs, so that ``--help`` is quick. Every failure is one line
on the standard error and exit status 2; a traceback is shown only if ``BACKPROOF_TRACEBACK`` is set.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backproof import __version__, cli_graphs, cli_train
from backproof._terminal import FAILED, complain, encodable, fail, write

if TYPE_CHECKING:
    from backproof.checking.findings import Report
    from backproof.checking.processes.remote import Start
    from backproof.checking.settings import Options, Settings
    from backproof.diagnoses import Page

__all__ = ["main"]

_INTERRUPTED = 130
#: To which the number of a signal is added that ended the run.
_SIGNALLED = 128
#: What empties a terminal, what was scrolled away too.
_CLEAR = "\x1b[H\x1b[2J\x1b[3J"
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
    backproof check notebook.ipynb --watch

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
        status = fail(_one_line(complaint))
    except Exception as error:
        if os.environ.get("BACKPROOF_TRACEBACK"):
            raise
        status = fail(_unexpected(error))
    if status == _INTERRUPTED:
        complain("interrupted")
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
        typer.Option(
            metavar="FORMAT",
            help="How the report is written: text, json, junit, html or github. Default: text.",
        ),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write the report to this file, e.g. --out report.html."),
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
    allow_none: Annotated[
        bool, typer.Option("--allow-none", help="Exit with 0 where there is nothing to judge.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Check each file again when it is saved; Ctrl-C ends it.")
    ] = False,
) -> int:
    """Check the candidates at the paths, print the report and give the exit status."""
    from backproof.checking.report.files import obstacle
    from backproof.checking.settings import SettingsError, read_options

    given = {"like": like, "select": select, "ignore": ignore, "format": format, "strict": strict}
    try:
        options = read_options(Path.cwd(), {**given, "seed": seed, "jobs": jobs, "timeout": timeout})
    except SettingsError as error:
        return fail(str(error))
    except FileNotFoundError:
        return fail("the folder that this was started in is gone; change to another one")
    if out is not None and (wrong := obstacle(out, paths)):
        return fail(f"--out: {wrong}")
    _end_all_on_sigterm()
    run = _Run(options, None if out is None else Path(out), allow_none=allow_none, again=watch)
    if watch:
        from backproof.checking.watch import watch as watch_paths

        watch_paths(paths, options.settings, run)
    else:
        run(paths, options.settings)
    return run.status


def _end_all_on_sigterm() -> None:
    """Let a request to end take the workers along, as an interrupt does."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(_SIGNALLED + number))


class _Run:
    """Checks paths and tells of it, once or again and again; keeps the exit status of the last time."""

    def __init__(self, options: Options, out: Path | None, *, allow_none: bool, again: bool) -> None:
        self._options = options
        self._out = out
        self._allow_none = allow_none
        self._again = again
        self.status = _INTERRUPTED

    def __call__(self, paths: Sequence[str], settings: Settings, start: Start | None = None) -> Report:
        """Check the paths, with workers that ``start`` starts, and give the report that was told."""
        from backproof.checking.report.progress import Progress
        from backproof.checking.run import check_paths

        began = time.perf_counter()
        with Progress(sys.stderr) as progress:
            report = check_paths(paths, settings, progress, start)
        report.may_be_empty = self._allow_none
        self.status = report.exit_status(strict=self._options.strict)
        try:
            self._tell(report, time.perf_counter() - began)
        except OSError as error:
            self.status = fail(f"could not write the report: {error}")
        if self._again and sys.stderr.isatty():
            sys.stderr.write("watching for changes; Ctrl-C ends\n")
        return report

    def _tell(self, report: Report, seconds: float) -> None:
        from backproof.checking.report.characters import showable
        from backproof.checking.report.formats import written
        from backproof.checking.report.summary import complaints, summary

        form, strict = self._options.format, self._options.strict
        text = written(report, form, strict=strict, seconds=seconds, plain=self._out is not None)
        if self._again and sys.stdout is not None and sys.stdout.isatty():
            write(_CLEAR)
        if self._out is None:
            if form != "text" and hasattr(sys.stdout, "reconfigure"):
                sys.stdout.reconfigure(encoding="utf-8")  # what reads it expects no other
            write(text)
        else:
            from backproof.checking.report.files import write_whole

            write_whole(self._out, text)
            encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
            write(f"{showable(summary(report, seconds), encoding)}\n")
        if self._out is not None or form not in ("text", "github"):
            # Those two say it themselves, where everybody looks.
            for complaint in complaints(report):
                complain(complaint)


@app.command(help=_ABOUT_EXPLAIN)
def explain(
    diagnosis: Annotated[str | None, typer.Argument(metavar="[DIAGNOSIS]", help="Its name.")] = None,
) -> int:
    """Print the page of a diagnosis, or the list of all, and give the exit status."""
    from backproof.diagnoses import UnknownDiagnosis, read_page

    try:
        page = None if diagnosis is None else read_page(diagnosis)
    except UnknownDiagnosis as error:
        return fail(f"{error} ('backproof explain' lists them all)")
    try:
        write(_explained(page))
    except OSError as error:
        return fail(f"could not write the page: {error}")
    return 0


def _printing(function: Callable[..., tuple[str | bytes, Path | None, int]]) -> Callable[..., int]:
    """Make a command of a function that gives what is shown, the file that it is for, and the exit status."""

    @functools.wraps(function)
    def command(**given: Any) -> int:
        try:
            shown, out, status = function(**given)
            if out is not None:
                from backproof._files import write_whole

                write_whole(out, shown)
            elif isinstance(shown, bytes):
                sys.stdout.buffer.write(shown)
            else:
                write(encodable(shown))
        except KeyError as error:
            return fail(str(error.args[0]))
        except (ValueError, TypeError, OSError, ImportError, RecursionError) as error:
            sys.stderr.write(encodable(f"backproof: {error}\n"))  # an expression is shown, with the place
            return FAILED
        return status

    return command


app.command(name="graph", help=cli_graphs.ABOUT_GRAPH)(_printing(cli_graphs.graph))
app.command(name="derive", help=cli_graphs.ABOUT_DERIVE)(_printing(cli_graphs.derive))


def _telling(function: Callable[..., Generator[str, None, int]]) -> Callable[..., int]:
    """Make a command of a function that tells piece after piece, and gives the exit status at last."""

    @functools.wraps(function)
    def command(**given: Any) -> int:
        pieces = function(**given)
        try:
            with warnings.catch_warnings():
                warnings.showwarning = lambda message, *_, **__: complain(str(message))
                while True:
                    write(encodable(next(pieces)))
        except StopIteration as end:
            return int(end.value)
        except (ValueError, OSError, ImportError, MemoryError) as error:
            return fail(str(error))
        except KeyboardInterrupt as stop:
            if str(stop):
                complain(str(stop))
            return _INTERRUPTED

    return command


app.command(name="train", help=cli_train.ABOUT_TRAIN)(_telling(cli_train.train))
app.command(name="predict", help=cli_train.ABOUT_PREDICT)(_telling(cli_train.predict))


def _explained(page: Page | None) -> str:
    from backproof.checking.report.characters import showable, terminal
    from backproof.diagnoses.terminal import show_list, show_page

    console = terminal()

    def clean(text: str) -> str:
        return showable(text, console.encoding)

    with console.capture() as capture:
        if page is None:
            show_list(console, clean)
        else:
            show_page(page, console, clean)
    return capture.get()


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
