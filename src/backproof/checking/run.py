"""A run of the checker over files: each opened in a worker, each candidate judged, all reported."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from backproof.checking.candidate import Candidate, Description
from backproof.checking.events import Begun, Event, Opened
from backproof.checking.findings import Finding, Judgement, Problem, Report, UnitFinding, Verdict
from backproof.checking.processes.launch import Worker
from backproof.checking.processes.remote import OpenedFile, RemoteFound, Start, open_file, stop_all
from backproof.checking.reading.remarks import Remark
from backproof.checking.reading.source import Unreadable
from backproof.checking.reading.targets import Target, collect
from backproof.checking.settings import Settings

__all__ = ["check_paths", "judge_found", "wanted"]

Progress = Callable[[Event], None]


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
        with open_file(target.file, timeout=settings.timeout, seed=settings.seed, start=start) as opened:
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
    except Unreadable as error:
        checked.errors.append(Problem(target.file, str(error)))
    return checked


def wanted(opened: OpenedFile, target: Target) -> tuple[list[RemoteFound], list[Problem]]:
    """Give the candidates of a file that are to be checked, and what is missing among them."""
    names = {found.description.name for found in opened.candidates}
    chosen = [f for f in opened.candidates if not target.names or f.description.name in target.names]
    missing = [
        Problem(target.file, f"{target.file} holds no candidate named {name}")
        for name in target.names
        if name not in names
    ]
    return chosen, missing


def judge_found(found: RemoteFound, opened: OpenedFile, settings: Settings) -> Judgement:
    """Judge a candidate of a file that is open, as the settings and the comments at it say."""
    from backproof.checking.judge import GUESS
    from backproof.checking.references import UnknownReference, parse

    description = found.description
    if found.reason:
        return _unjudged(description, Verdict.SKIPPED, found.reason)
    remark = opened.remarks.get(description.name, Remark())
    text = settings.like.get(description.name, remark.like)
    try:
        like = parse(text) if text is not None else GUESS
    except UnknownReference as error:
        # From a comment in the file: the command line's have been read before.
        like, complaint = GUESS, str(error)
    else:
        complaint = ""
    domain = settings.domain.get(description.name, remark.domain or settings.domain.get(""))
    with found.open() as candidate:
        judgement = _judged(candidate, like, settings, domain)
    if complaint:
        judgement.reason = f"the comment '# backproof: like={text}' was not understood: {complaint}"
    return _filtered(judgement, settings, remark)


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
    candidate: Candidate, like: Any, settings: Settings, domain: tuple[float, float] | None
) -> Judgement:
    """Judge; a fault of the judge's own is said of this candidate, and the others are still judged."""
    from backproof.checking.judge import judge

    try:
        return judge(candidate, like=like, seed=settings.seed, domain=domain)
    except Exception as error:
        if os.environ.get("BACKPROOF_TRACEBACK"):
            raise
        fault = f"a fault of backproof: {type(error).__name__}: {error}; please report it with what"
        return _unjudged(candidate.description, Verdict.UNSURE, f"{fault} BACKPROOF_TRACEBACK=1 shows")


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
