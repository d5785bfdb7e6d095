"""Runs the checker over the corpus, and beside it what else there is, and says how well they do.

Run as ``python -m tests.corpus.score [FILE …]``, FILE from the folder of the corpus. Without files all are
checked, and ``docs/score.md`` and the table in the README are written.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from backproof.checking.processes.remote import open_file
from backproof.checking.run import check_paths
from backproof.checking.settings import Settings
from tests.corpus.labels import CORPUS, Label, load
from tests.corpus.outcome import Scored, hold
from tests.corpus.page import in_readme, page, with_table
from tests.corpus.rivals import accusations

ROOT = CORPUS.parents[1]
#: Seconds that the rivals may wait for one candidate: `gradcheck` calls it for every element.
_PATIENCE = 120.0


def scored(labels: Sequence[Label], settings: Settings) -> tuple[list[Scored], float]:
    """Give what the checker makes of the labelled components, and the seconds it took."""
    began = time.perf_counter()
    files = dict.fromkeys(label.file for label in labels)
    report = check_paths([str(CORPUS / file) for file in files], settings)
    seconds = time.perf_counter() - began
    for problem in report.errors:
        print(f"{problem.file}: {problem.message}", file=sys.stderr)
    return hold(labels, report.candidates), seconds


def with_rivals(components: Sequence[Scored], jobs: int) -> list[Scored]:
    """Add what the rivals find in each component."""
    by_file: dict[str, list[Label]] = {}
    for one in components:
        by_file.setdefault(one.label.file, []).append(one.label)
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        said = dict(zip(by_file, pool.map(_rivals_of, by_file.values()), strict=True))
    return [replace(one, rivals=said[one.label.file].get(one.label.name, {})) for one in components]


def _rivals_of(labels: Sequence[Label]) -> Mapping[str, Mapping[str, bool]]:
    """Give what the rivals find in components of one file, by the names of their labels."""
    wanted = {name: label.name for label in labels for name in (label.forward, label.name) if name}
    said = {}
    with open_file(CORPUS / labels[0].file, timeout=_PATIENCE, seed=0) as opened:
        for found in opened.candidates:
            if found.description.name in wanted and not found.reason:
                with found.open() as candidate:
                    said[wanted[found.description.name]] = accusations(candidate)
    return said


def main(arguments: Sequence[str]) -> int:
    """Score everything, or the files that are named; the exit status is 2 if one is not of the corpus."""
    labels = load()
    missing = set(arguments) - {label.file for label in labels}
    if missing:
        print(f"expected files of the manifest, got {', '.join(sorted(missing))}", file=sys.stderr)
        return 2
    chosen = [label for label in labels if not arguments or label.file in arguments]
    settings = Settings()
    components, seconds = scored(chosen, settings)
    components = with_rivals(components, settings.jobs)
    text = page(components, seconds, settings.jobs)
    print(text)
    if not arguments:
        (ROOT / "docs" / "score.md").write_text(text, encoding="utf-8")
        readme = ROOT / "README.md"
        readme.write_text(with_table(readme.read_text(encoding="utf-8"), in_readme(text)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
