"""The plugin for pytest: candidates as tests, and each finding a failure that can be read.

``pytest --backproof PATH`` adds the candidates of a file, a folder or ``FILE::Name`` to the tests. Each
is judged in a process of its own, as ``backproof check`` does it, by the settings of the project. Where
a component stands among the tests, a mark makes it one of them::

    @pytest.mark.backproof(like="tanh")
    class MyTanh: ...

    @pytest.mark.backproof(backward=square_backward)
    def square(x): ...

The mark takes what `backproof.check` takes, and for a function its backward. Nothing of the checker is
imported before there is a candidate.
"""

from __future__ import annotations

import difflib
import inspect
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from backproof.checking.findings import Judgement
    from backproof.checking.processes.remote import OpenedFile, RemoteFound
    from backproof.checking.reading.targets import Target
    from backproof.checking.settings import Options

_MARK = "backproof"


class WrongGradient(Exception):
    """What a candidate fails with: its text is the report."""

    def __init__(self, report: str, names: str) -> None:
        super().__init__(report)
        self.names = names


class MisusedMark(WrongGradient):
    """What a component fails with whose mark cannot be understood: its text is one line."""

    def __init__(self, message: str) -> None:
        super().__init__(message, message)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer ``--backproof PATH``."""
    parser.getgroup("backproof").addoption(
        "--backproof",
        action="append",
        default=[],
        metavar="PATH",
        help="test the gradients written by hand in this .py or .ipynb file, folder, or FILE::Name; "
        "may be given several times",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line(
        "markers",
        f"{_MARK}(backward, like, inputs, …): test the gradient of this class, or of this function with its "
        "backward; backproof.check takes the rest",
    )


# --- Files: --backproof PATH ---------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)  # before tests are deselected, by -k for one
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the candidates of the paths that were given."""
    paths = config.getoption("backproof")
    if not paths:
        return
    from backproof.checking.reading.targets import collect
    from backproof.checking.settings import SettingsError, read_options

    try:
        options = read_options(config.invocation_params.dir, {})
    except SettingsError as error:
        raise pytest.UsageError(str(error)) from None
    targets, problems = collect([_found(path, config) for path in paths])
    if problems:
        raise pytest.UsageError(f"--backproof: {problems[0].message}")
    files = _Files(options)
    config.add_cleanup(files.close)
    before = len(items)
    for target in targets:
        file = CandidateFile.from_parent(
            session, path=Path(target.file).absolute(), target=target, files=files
        )
        items.extend(session.genitems(file))
    if len(items) == before and not session.testsfailed:
        raise pytest.UsageError(f"--backproof: no candidate was found in {', '.join(paths)}")


def _found(path: str, config: pytest.Config) -> str:
    """Give a path as it is seen from where pytest was started, or else from the root of the project."""
    file, separator, name = path.rpartition("::") if "::" in path else (path, "", "")
    if not file:
        return path
    folders = config.invocation_params.dir, config.rootpath
    there = next((folder / file for folder in folders if (folder / file).exists()), Path(file))
    return f"{there}{separator}{name}"


class _Files:
    """The files that were run for their candidates, the last few of them still open."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._open: OrderedDict[str, tuple[AbstractContextManager[OpenedFile], OpenedFile]] = OrderedDict()

    def get(self, file: str) -> OpenedFile:
        """Run a file, unless it is open.

        Raises
        ------
        Unreadable
            If nothing can be said of it.
        """
        from backproof.checking.processes.remote import open_file

        if file not in self._open:
            while len(self._open) >= self.options.settings.jobs:  # each holds a process
                self._leave(next(iter(self._open)))
            settings = self.options.settings
            context = open_file(file, timeout=settings.timeout, seed=settings.seed)
            self._open[file] = context, context.__enter__()
        self._open.move_to_end(file)
        return self._open[file][1]

    def close(self) -> None:
        """End the processes of all files."""
        while self._open:
            self._leave(next(iter(self._open)))

    def _leave(self, file: str) -> None:
        context, _ = self._open.pop(file)
        context.__exit__(None, None, None)


class CandidateFile(pytest.File):
    """A file with candidates."""

    def __init__(self, *, target: Target, files: _Files, **rest: Any) -> None:
        super().__init__(**rest)
        self._target = target
        self._files = files

    def collect(self) -> Iterator[FileCandidate]:
        """Run the file and give its candidates."""
        from backproof.checking.reading.source import Unreadable

        try:
            found = self._wanted()
        except Unreadable as error:
            raise self.CollectError(str(error)) from None
        names = [each.description.name for each in found]
        for number, name in enumerate(names):
            again = names[:number].count(name)  # a notebook and a module beside it may use the same one
            line = found[number].description.lines.get("definition", 1)
            yield FileCandidate.from_parent(
                self, name=f"{name}-{again + 1}" if again else name, number=number, line=line - 1
            )

    def judge(self, number: int) -> Judgement:
        """Judge a candidate of the file."""
        from backproof.checking.run import judge_found

        found = self._wanted()[number]
        return judge_found(found, self._files.get(self._target.file), self._files.options.settings)

    @property
    def strict(self) -> bool:
        """Whether warnings count as errors do."""
        return self._files.options.strict

    def _wanted(self) -> list[RemoteFound]:
        from backproof.checking.run import wanted

        opened = self._files.get(self._target.file)
        found, missing = wanted(opened, self._target)
        for complaint in (*opened.complaints, *(problem.message for problem in missing)):
            raise self.CollectError(complaint)
        return found


class _Candidate(pytest.Item):
    """A candidate as a test."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(**rest)
        self.add_marker(_MARK)

    def conclude(self, judgement: Judgement, *, strict: bool = False) -> None:
        """Fail for findings, skip what could not be judged, and keep what else there is to say."""
        from backproof.checking.findings import Verdict
        from backproof.checking.report.text import findings_as_text
        from backproof.diagnoses import Severity

        if judgement.is_problem:
            raise WrongGradient(judgement.reason, judgement.reason)
        if judgement.verdict in (Verdict.SKIPPED, Verdict.UNSURE):
            pytest.skip(f"{judgement.verdict}: {judgement.reason}")
        text = findings_as_text(judgement)
        counted = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
        wrong = [finding.diagnosis for finding in judgement.findings if finding.severity in counted]
        if wrong:
            raise WrongGradient(text, ", ".join(dict.fromkeys(wrong)))
        if text:
            self.add_report_section("call", "backproof", text)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *rest: Any, **named: Any) -> Any:
        """Show the report alone: where the plugin raised it says nothing."""
        if not isinstance(excinfo.value, WrongGradient):
            return super().repr_failure(excinfo, *rest, **named)
        shown = excinfo.getrepr(style="value")
        if shown.reprcrash is not None:
            path, line, _ = self.reportinfo()
            shown.reprcrash.path, shown.reprcrash.lineno = str(path), (line or 0) + 1
            shown.reprcrash.message = excinfo.value.names
        return shown


class FileCandidate(_Candidate):
    """A candidate of a file that is run in a process of its own."""

    parent: CandidateFile

    def __init__(self, *, number: int, line: int, **rest: Any) -> None:
        super().__init__(**rest)
        self._number = number
        self._line = line

    def runtest(self) -> None:
        """Judge it."""
        self.conclude(self.parent.judge(self._number), strict=self.parent.strict)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Say where it is."""
        return self.path, self._line, self.name


# --- Marks: @pytest.mark.backproof ---------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)  # before a class is taken for one of tests
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> MarkedCandidate | None:
    """Make a test of a class or function with the mark; one that inherits it is none."""
    marks = getattr(obj, "__dict__", {}).get("pytestmark", ())
    if not callable(obj) or not any(mark.name == _MARK for mark in marks):
        return None
    return MarkedCandidate.from_parent(collector, name=name, obj=obj)


class MarkedCandidate(_Candidate):
    """A candidate among the tests, with the mark."""

    def __init__(self, *, obj: Any, **rest: Any) -> None:
        super().__init__(**rest)
        self._object = obj
        for mark in obj.pytestmark:
            self.add_marker(getattr(pytest.mark, mark.name).with_args(*mark.args, **mark.kwargs))
        self._mark = next(mark for mark in obj.pytestmark if mark.name == _MARK)

    def runtest(self) -> None:
        """Judge it as `backproof.check` does."""
        from backproof.checking.api import check
        from backproof.checking.discover import NotACandidate

        settings = dict(self._mark.kwargs)
        _demand_known(settings, self._mark.args, ["backward", *list(inspect.signature(check).parameters)[1:]])
        backward = settings.pop("backward", None)
        candidate = self._object if backward is None else (self._object, backward)
        try:
            judgement = check(candidate, **settings)
        except (NotACandidate, ValueError) as error:  # what `check` says of its arguments
            raise MisusedMark(str(error)) from error
        self.conclude(judgement)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Say where it is."""
        try:
            line = inspect.getsourcelines(self._object)[1]
        except (OSError, TypeError):  # it was made while the file was run
            line = 1
        return self.path, line - 1, self.name


def _demand_known(named: Iterable[str], unnamed: Sequence[object], known: Sequence[str]) -> None:
    """Refuse arguments of the mark that it does not take.

    Raises
    ------
    MisusedMark
        With the argument that was meant, where one is like it.
    """
    if unnamed:
        raise MisusedMark(
            f"the mark {_MARK} takes its arguments by name, such as like='tanh'; got {unnamed[0]!r}"
        )
    for name in named:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
            raise MisusedMark(f"the mark {_MARK} has no argument {name!r}; {hint}")
