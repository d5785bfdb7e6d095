"""A run of the checker over files: each opened in a worker, each candidate judged, all reported."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from backproof.checking.candidate import Candidate, CandidateLost, Description
from backproof.checking.events import Begun, Event, Opened
from backproof.checking.findings import Finding, Judgement, Problem, Report, UnitFinding, Verdict
from backproof.checking.processes.launch import Worker
from backproof.checking.processes.remote import OpenedFile, RemoteFound, Start, open_file, stop_all
from backproof.checking.reading.remarks import Remark
from backproof.checking.reading.source import OtherLanguage, Unreadable
from backproof.checking.reading.targets import Target, collect
from backproof.checking.settings import Settings
from backproof.diagnoses import Severity

__all__ = ["check_paths", "judge_found", "wanted"]

Progress = Callable[[Event], None]
#: What Python says of a name that is not there.
_UNDEFINED = re.compile(r"NameError: name '(\w+)' is not defined")
#: What PyTorch says to who asks for a GPU where there is none.
_WITHOUT_GPU = ("Torch not compiled with CUDA", "No CUDA GPUs are available", "no NVIDIA driver")


@dataclass
class _Checked:
    """What came of one file."""

    candidates: list[Judgement] = field(default_factory=list)
    units: list[UnitFinding] = field(default_factory=list)
    errors: list[Problem] = field(default_factory=list)


def check_paths(
    paths: Sequence[str], settings: Settings, progress: Progress | None = None, start: Start | None = None
) -> Report:
    """Check every candidate in files and folders, each in a process of its own.

    ``paths`` are files, folders or ``FILE::Name``. ``progress`` hears of each file begun, of what was
    found in it, and of each judgement. ``start`` starts the process of a file, if not as usual. What
    cannot be checked is in the report's ``errors``; nothing is raised for it.
    """
    targets, problems = collect(paths)
    report = Report(settings.seed, errors=list(problems))
    owners: dict[str, int] = {}
    # Files are opened side by side, and candidates judged side by side, but no more than asked for.
    seats = threading.BoundedSemaphore(settings.jobs)

    def one(target: Target) -> _Checked:
        if progress:
            progress(Begun(target.file, len(targets)))
        return _check_file(target, settings, seats, progress, start or Worker)

    with ThreadPoolExecutor(max_workers=settings.jobs) as pool:
        try:
            begun = pool.map(one, targets)
            if targets:
                import backproof.checking.judge  # noqa: F401 - while the workers start: both take a while

            for number, checked in enumerate(begun):
                _add(report, checked, number, owners)
        except BaseException:
            # An interrupt: the threads wait for candidates, which are ended under them.
            pool.shutdown(wait=False, cancel_futures=True)
            stop_all()
            raise
    names = {judgement.name for judgement in report.candidates}
    report.errors += [
        Problem(name, f"a reference is given for {name}, but no candidate has that name")
        for name in sorted(settings.expected - names)
    ]
    return report


def _add(report: Report, checked: _Checked, number: int, owners: dict[str, int]) -> None:
    """Add what came of one file, but what another has brought already.

    A folder holds a module, and a notebook beside it imports it: its candidates are judged twice.
    """
    for judgement in checked.candidates:
        if owners.setdefault(os.path.realpath(judgement.file), number) == number:
            report.candidates.append(judgement)
    report.units += checked.units
    report.errors += checked.errors


def _check_file(
    target: Target,
    settings: Settings,
    seats: threading.BoundedSemaphore,
    progress: Progress | None,
    start: Start,
) -> _Checked:
    checked = _Checked()
    try:
        _open_and_judge(checked, target, settings, seats, progress, start)
    except Unreadable as error:
        # Of all that is in a folder, what is not for us is no problem.
        if not (target.by_folder and isinstance(error, OtherLanguage)):
            checked.errors.append(Problem(target.file, str(error)))
    except Exception as error:
        # The other files are still reported.
        checked.errors.append(
            Problem(target.file, f"{target.file} was not checked to its end: {_fault(error)}")
        )
    return checked


def _open_and_judge(
    checked: _Checked,
    target: Target,
    settings: Settings,
    seats: threading.BoundedSemaphore,
    progress: Progress | None,
    start: Start,
) -> None:
    """Add to what is known of a file while it is run and its candidates are judged."""
    with open_file(target.file, timeout=settings.timeout, seed=settings.seed, start=start) as opened:
        if opened.candidates or not target.by_folder:
            checked.units += [u for u in opened.units if settings.reports(u.finding.diagnosis)]
        checked.errors += [Problem(target.file, complaint) for complaint in opened.complaints]
        chosen, missing = wanted(opened, target)
        checked.errors += missing
        if progress:
            progress(Opened(target.file, len(chosen)))

        def one(found: RemoteFound) -> Judgement:
            with seats:
                return judge_found(found, opened, settings)

        with ThreadPoolExecutor(max_workers=settings.jobs) as pool:
            for judgement in pool.map(one, chosen):
                checked.candidates.append(judgement)
                if progress:
                    progress(judgement)


def wanted(opened: OpenedFile, target: Target) -> tuple[list[RemoteFound], list[Problem]]:
    """Give the candidates of a file that are to be checked, and what is missing among them."""
    present = [
        found
        for found in opened.candidates
        if not opened.remarks.get(found.description.name, Remark()).left_out
    ]
    names = {found.description.name for found in present}
    chosen = [found for found in present if not target.names or found.description.name in target.names]
    missing = [
        Problem(target.file, f"{target.file} holds no candidate named {name}")
        for name in target.names
        if name not in names
    ]
    return chosen, missing


def judge_found(found: RemoteFound, opened: OpenedFile, settings: Settings) -> Judgement:
    """Judge a candidate of a file that is open, as the settings and the comments at it say."""
    from backproof.checking.judge import GUESS
    from backproof.checking.references import parse

    description = found.description
    if found.reason:
        return _unjudged(description, Verdict.SKIPPED, found.reason)
    remark = opened.remarks.get(description.name, Remark())
    text = settings.like.get(description.name, remark.like)
    like = parse(text) if text is not None else GUESS  # it has been read before: no mistake is in it
    domain = settings.domain.get(description.name, remark.domain or settings.domain.get(""))
    try:
        with found.open() as candidate:
            judgement = _judged(candidate, like, settings, domain, remark)
    except CandidateLost as error:  # before it could be asked anything
        return _unjudged(description, Verdict.SKIPPED, str(error))
    needed = _needed(judgement, opened.owed)
    if needed:
        return _unjudged(description, Verdict.SKIPPED, needed)
    return _filtered(judgement, settings, remark)


def _needed(judgement: Judgement, owed: Mapping[str, str]) -> str:
    """Say what a candidate asked for in vain, and is not to blame for."""
    said = [*(f.message for f in judgement.findings if f.severity is Severity.ERROR), judgement.reason]
    for name in (name for text in said for name in _UNDEFINED.findall(text)):
        if name in owed:  # code of its file was to define it, and has failed
            return f"needs `{name}`, which {owed[name]}, that failed, was to define"
    if any(sign in text for text in said for sign in _WITHOUT_GPU):
        return "needs a GPU, and files are judged without one; give it to backproof.check in Python"
    return ""


def _unjudged(description: Description, verdict: Verdict, reason: str) -> Judgement:
    return Judgement(
        description.name,
        description.kind,
        description.style,
        verdict,
        reason,
        file=description.file,
        cell=description.cell,
        line=description.lines.get("definition"),
    )


def _judged(
    candidate: Candidate,
    like: Any,
    settings: Settings,
    domain: tuple[float, float] | None,
    remark: Remark,
) -> Judgement:
    """Judge; a fault of the judge's own is said of this candidate, and the others are still judged."""
    from backproof.checking.inputs import drawn
    from backproof.checking.judge import judge
    from backproof.checking.references import UnfitReference

    inputs = drawn(remark.inputs, candidate.description, like, settings.seed) if remark.inputs else None
    try:
        return judge(candidate, like=like, seed=settings.seed, inputs=inputs, domain=domain)
    except UnfitReference as error:
        reason, verdict = str(error), Verdict.SKIPPED
    except Exception as error:
        reason, verdict = _fault(error), Verdict.UNSURE
    judgement = _unjudged(candidate.description, verdict, reason)
    judgement.is_problem = True
    return judgement


def _fault(error: Exception) -> str:
    """Word a fault of the checker's own; where somebody looks for it, raise it."""
    if os.environ.get("BACKPROOF_TRACEBACK"):
        raise error
    return (
        f"a fault of backproof: {type(error).__name__}: {error}; please report it with what "
        "BACKPROOF_TRACEBACK=1 shows"
    )


def _filtered(judgement: Judgement, settings: Settings, remark: Remark) -> Judgement:
    """Leave out the findings that are not wanted; the verdict follows those that are left."""

    def wanted(finding: Finding) -> bool:
        return settings.reports(finding.diagnosis) and finding.diagnosis not in remark.ignore

    kept = [f for f in judgement.findings if wanted(f)]
    if len(kept) < len(judgement.findings):
        from backproof.checking.judge import settle

        judgement.findings = kept
        if judgement.verdict is Verdict.FAIL:
            settle(judgement)
    return judgement
