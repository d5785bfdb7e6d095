"""A report in the form that was asked for."""

from __future__ import annotations

from backproof.checking.findings import Report
from backproof.checking.settings import Format

__all__ = ["written"]


def written(
    report: Report,
    form: Format,
    *,
    strict: bool = False,
    seconds: float | None = None,
    plain: bool = False,
) -> str:
    r"""Give a report as text for people, or for a program.

    Text is laid out for the terminal that there is, unless it is to be ``plain``. ``strict`` makes a
    warning a failure where a form tells tests that fail from others; ``seconds`` is how long the run
    took.

    Examples
    --------
    >>> written(Report(seed=0), Format.JSON)
    '{\n  "schema": 1,...
    """
    # What a form needs is imported for that form alone.
    if form is Format.JSON:
        import json

        from backproof.checking.report.json import to_json

        return json.dumps(to_json(report), indent=2, allow_nan=False) + "\n"
    if form is Format.JUNIT:
        from backproof.checking.report.junit import to_junit

        return to_junit(report, strict=strict)
    if form is Format.HTML:
        from backproof.checking.report.html import to_html

        return to_html(report, seconds=seconds)
    if form is Format.GITHUB:
        from backproof.checking.report.github import to_github

        return to_github(report)
    from backproof.checking.report.characters import terminal
    from backproof.checking.report.text import as_text, render

    if plain:
        return as_text(report) + "\n"
    console = terminal()
    with console.capture() as capture:
        render(report, console, seconds=seconds)
    return capture.get()
