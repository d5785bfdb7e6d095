"""The command line: what it prints, how it ends, and that nothing makes it show a traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from syrupy.assertion import SnapshotAssertion

import backproof
from backproof.checking.findings import Finding, Report, Verdict
from backproof.checking.report.json import schema
from backproof.checking.settings import Settings
from backproof.cli import main
from tests.checking.report import samples

Check = Callable[..., Report]


@pytest.fixture
def checking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Report | Check], list[Any]]:
    """Put a report, or what makes one, in the checker's place; gives the calls that it gets."""
    monkeypatch.chdir(tmp_path)
    calls: list[Any] = []

    def put(result: Report | Check) -> list[Any]:
        def check_paths(
            paths: Sequence[str], settings: Settings, progress: Any = None, start: Any = None
        ) -> Report:
            calls.append((list(paths), settings))
            return result if isinstance(result, Report) else result(paths, settings, progress)

        module = types.ModuleType("backproof.checking.run")
        module.check_paths = check_paths  # type: ignore[attr-defined]  # a stand-in
        monkeypatch.setitem(sys.modules, "backproof.checking.run", module)
        return calls

    return put


def report(*findings: str, verdict: Verdict | None = None) -> Report:
    judgement = samples.judgement(*(Finding(name, "It is so.") for name in findings))
    judgement.verdict = verdict or judgement.verdict
    return Report(seed=0, candidates=[judgement])


def program(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "timeout": 120, **options}
    return subprocess.run([sys.executable, *arguments], check=False, **options)


def run(code: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run Python code that ends in the command line, in a process of its own."""
    return program("-c", code, *arguments, **options)


ROOT = Path(__file__).parents[1]
FULL = Path("/dev/full")
FAKE = """
import sys, types
module = types.ModuleType("backproof.checking.run")
sys.modules[module.__name__] = module
def put(check):
    module.check_paths = check
    from backproof.cli import main
    sys.exit(main(["check", "x.py"]))
"""


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"backproof {backproof.__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"]], ids=" ".join)
def test_help(
    arguments: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    snapshot: SnapshotAssertion,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert captured.out == snapshot
    assert captured.err == ""


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["check", "x", "--seed", "-1"]], ids=" ".join
)
def test_what_checks_nothing_imports_nothing_heavy(arguments: list[str]) -> None:
    code = "import sys; from backproof.cli import main; main(sys.argv[1:]); print(*sys.modules)"
    loaded = run(code, *arguments).stdout.splitlines()[-1].split()
    assert not {"numpy", "torch", "rich", "nbformat", "scipy", "sympy", "matplotlib"} & set(loaded)


@pytest.mark.parametrize(
    ("result", "strict", "status"),
    [
        (report(), False, 0),
        (report("not-finite"), False, 0),
        (report("not-finite"), True, 1),
        (report("backward-never-called"), True, 0),
        (report("upstream-ignored"), False, 1),
        (report(verdict=Verdict.SKIPPED), False, 2),
        (report(verdict=Verdict.UNSURE), False, 2),
        (Report(seed=0), False, 2),
        (samples.whole(), False, 2),
    ],
)
def test_exit_status(result: Report, strict: bool, status: int, checking: Any) -> None:
    checking(result)
    assert main(["check", "x.py", *(["--strict"] if strict else [])]) == status


def test_options_reach_the_checker(checking: Any) -> None:
    calls = checking(report())
    arguments = ["check", "a.py", "b.ipynb::Name", "--like", "A=tanh", "--like=B=none", "--seed", "7"]
    arguments += ["--select", "raises,detached", "--select", "reduction", "--ignore", "raises"]
    assert main([*arguments, "--jobs", "3", "--timeout", "2.5"]) == 0
    settings = Settings(
        like={"A": "tanh", "B": "none"},
        select=frozenset({"raises", "detached", "reduction"}),
        ignore=frozenset({"raises"}),
        seed=7,
        jobs=3,
        timeout=2.5,
        expected=frozenset({"A", "B"}),
    )
    assert calls == [(["a.py", "b.ipynb::Name"], settings)]


def test_settings_of_the_project_count(checking: Any, tmp_path: Path) -> None:
    calls = checking(report("not-finite"))
    (tmp_path / "pyproject.toml").write_text("[tool.backproof]\nseed = 5\nstrict = true\n")
    assert main(["check", "a.py"]) == 1
    assert calls[0][1].seed == 5
    assert main(["check", "a.py", "--no-strict"]) == 0


def test_text(checking: Any, capsys: pytest.CaptureFixture[str]) -> None:
    checking(samples.whole())
    main(["check", "x.py"])
    captured = capsys.readouterr()
    assert captured.out.startswith("notebook.ipynb\n")
    assert captured.out.splitlines()[-1].endswith(" s")
    assert "\x1b" not in captured.out
    assert captured.err == ""


def test_json(checking: Any, capsys: pytest.CaptureFixture[str]) -> None:
    checking(samples.whole())
    main(["check", "x.py", "--format", "json"])
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    jsonschema.Draft202012Validator(schema()).validate(document)
    assert len(document["candidates"]) == 6
    assert captured.out.isascii()
    assert (
        captured.err
        == "backproof: missing.ipynb: no such file: give the path of a .py or .ipynb file, or a folder\n"
    )


def test_json_of_nothing_says_so_beside_it(checking: Any, capsys: pytest.CaptureFixture[str]) -> None:
    checking(Report(seed=0))
    assert main(["check", "x.py", "--format", "json"]) == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out)["candidates"] == []
    assert captured.err.startswith("backproof: No candidate was found")
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize("form", ["junit", "html", "github"])
def test_other_forms_are_written_in_utf_8(form: str) -> None:
    code = FAKE.replace('"x.py"', f'"x.py", "--format={form}"')
    code += "from tests.checking.report import samples\nput(lambda *_: samples.whole())"
    latin = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    ended = run(code, cwd=ROOT, env=latin, encoding="utf-8")
    assert ended.returncode == 2
    assert "log(p + ε)" in ended.stdout or form == "github"
    assert "finite differences at two step sizes" in ended.stdout


@pytest.mark.parametrize("form", ["text", "json", "junit", "html", "github"])
def test_a_report_in_a_file(
    form: str,
    checking: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    checking(samples.whole())
    assert main(["check", "x.py", "--format", form, "--out", "report"]) == 2
    captured = capsys.readouterr()
    (line,) = captured.out.splitlines()
    assert line.startswith("6 candidates: 2 pass, 2 fail")
    assert captured.err.startswith("backproof: missing.ipynb: no such file")
    text = (tmp_path / "report").read_text(encoding="utf-8")
    assert "upstream-as-input" in text
    assert "\x1b" not in text
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("", "expected the name of a file, got an empty one"),
        (".", "expected the name of a file, got the folder ."),
        ("missing/report", "missing for missing/report; make it first"),
        ("x.py", "x.py is there and holds code"),
        ("other.ipynb", "other.ipynb is there and holds code"),
        ("link", "link is there and holds code"),
        ("twin", "twin is there and holds code"),
    ],
)
def test_a_report_takes_the_place_of_no_code(
    out: str, message: str, checking: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = checking(report())
    for name in ("x.py", "other.ipynb"):
        (tmp_path / name).write_text("code")
    (tmp_path / "link").symlink_to("x.py")
    (tmp_path / "twin").hardlink_to(tmp_path / "x.py")
    assert main(["check", "x.py::A", "--out", out]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("backproof: --out: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert (tmp_path / "x.py").read_text() == "code"
    assert not calls


def test_a_file_that_cannot_be_written_is_one_line(
    checking: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def remove(*_: object) -> Report:
        (tmp_path / "folder").rmdir()
        return report()

    (tmp_path / "folder").mkdir()
    checking(remove)
    assert main(["check", "x.py", "--out", "folder/report"]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("backproof: could not write the report: ")
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (Report(seed=0), 0),
        (report(verdict=Verdict.SKIPPED), 0),
        (report("upstream-ignored"), 1),
        (samples.whole(), 2),  # a file is missing
    ],
)
def test_nothing_to_judge_may_be_allowed(
    result: Report, status: int, checking: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    checking(result)
    assert main(["check", "x.py", "--allow-none"]) == status
    assert "No candidate was" not in "".join(capsys.readouterr())


BAD = [
    ([], "missing command; see 'backproof --help'"),
    (["chek"], "no such command 'chek'"),
    (["check"], "missing argument 'PATH"),
    (["check", "x", "--sede", "1"], "no such option: --sede"),
    (["check", "x", "--seed"], "option '--seed' requires an argument"),
    (["check", "x", "--seed", "one"], "invalid value for '--seed': expected a whole number, got 'one'"),
    (["check", "x", "--seed", "-1"], "--seed: expected a whole number, 0 or more; got -1 (int)"),
    (["check", "x", "--jobs", "0"], "--jobs: expected a whole number, 1 or more; got 0 (int)"),
    (["check", "x", "--timeout", "soon"], "expected a number of seconds, got 'soon'"),
    (["check", "x", "--timeout", "nan"], "--timeout: expected a number of seconds above 0; got nan"),
    (["check", "x", "--format", "xml"], "--format: expected text, json, junit, html or github; got 'xml'"),
    (["check", "x", "--like", "MyTanh"], "--like: expected NAME=REFERENCE, e.g. MyTanh=tanh; got 'MyTanh'"),
    (
        ["check", "x", "--like", "A=tahn"],
        "--like: A=tahn: expected the name of a reference, got 'tahn'; did you mean",
    ),
    (
        ["check", "x", "--select", "detatched"],
        "--select: expected the name of a diagnosis, got 'detatched'; did you",
    ),
    (["check", "x", "--ignore", "\n"], None),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_bad_command_lines(
    arguments: list[str], message: str | None, checking: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = checking(report())
    status = main(arguments)
    captured = capsys.readouterr()
    if message is None:
        assert status == 0
        return
    assert status == 2
    assert captured.out == ""
    assert captured.err.startswith("backproof: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err
    assert not calls


def test_a_bad_project_file(checking: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checking(report())
    (tmp_path / "pyproject.toml").write_text("[tool.backproof]\nsede = 5\n")
    assert main(["check", "a.py"]) == 2
    expected = (
        f"backproof: {tmp_path}/pyproject.toml: [tool.backproof] has no setting 'sede'; did you mean seed?\n"
    )
    assert capsys.readouterr().err == expected


@pytest.mark.parametrize(
    "error", [ValueError("a\nb"), RecursionError("deep"), MemoryError(), OSError(5, "I/O")]
)
def test_what_nobody_expected_is_one_line(
    error: Exception, checking: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Report:
        raise error

    monkeypatch.delenv("BACKPROOF_TRACEBACK", raising=False)
    checking(fail)
    assert main(["check", "x.py"]) == 2
    line = capsys.readouterr().err
    assert line.startswith(f"backproof: unexpected {type(error).__name__}: ")
    assert line.count("\n") == 1
    monkeypatch.setenv("BACKPROOF_TRACEBACK", "1")
    with pytest.raises(type(error)):
        main(["check", "x.py"])


@pytest.mark.parametrize("arguments", [["check", "x.py"], ["explain"]])
@pytest.mark.parametrize("columns", ["0", "1", "-1", "wide"])
def test_a_width_that_is_none_is_not_used(
    arguments: list[str],
    columns: str,
    checking: Any,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    checking(report("upstream-ignored"))
    assert main(arguments) in (0, 1)
    assert "upstream-ignored" in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="a folder that is in use is not removed there")
def test_a_folder_that_is_gone_is_one_line(
    checking: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    checking(report())
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    try:
        assert main(["check", "x.py"]) == 2
    finally:
        os.chdir(tmp_path)
    assert capsys.readouterr().err.startswith("backproof: the folder that this was started in is gone")


def test_an_interrupt_ends_with_130(checking: Any, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(*_: object) -> Report:
        raise KeyboardInterrupt

    checking(interrupt)
    assert main(["check", "x.py"]) == 130
    assert capsys.readouterr() == ("", "backproof: interrupted\n")


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signal to a single process")
@pytest.mark.parametrize(
    ("number", "said"), [(signal.SIGINT, "backproof: interrupted\n"), (signal.SIGTERM, "")]
)
def test_a_signal_ends_it_with_its_number(number: signal.Signals, said: str) -> None:
    code = f"{FAKE}\nimport os, signal\nput(lambda *_: os.kill(os.getpid(), signal.{number.name}))"
    ended = run(code)
    assert (ended.returncode, ended.stdout, ended.stderr) == (128 + number, "", said)


BIG = f"""{FAKE}
from tests.checking.report import samples
report = samples.whole()
report.candidates *= 500
report.errors.clear()
put(lambda *_: report)
"""


@pytest.mark.skipif(os.name == "nt", reason="pipes of a shell")
def test_a_reader_that_goes_away_is_no_failure() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", BIG], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(1) == b"n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1  # the report's own: there are findings


@pytest.mark.skipif(not FULL.exists(), reason="a device that is always full is Linux's")
def test_a_full_disk_is_one_line() -> None:
    with FULL.open("w") as full:
        ended = run(BIG, stdout=full, cwd=ROOT)
    assert ended.returncode == 2
    assert ended.stderr == "backproof: could not write the report: [Errno 28] No space left on device\n"


def test_the_module_is_the_program() -> None:
    ended = program("-m", "backproof", "--version")
    assert (ended.returncode, ended.stdout) == (0, f"backproof {backproof.__version__}\n")
