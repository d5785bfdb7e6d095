"""Settings: from pyproject.toml, from the command line, and everything that they must not be."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from backproof.checking.settings import Format, Options, Settings, SettingsError, read_options


def project(folder: Path, text: str) -> Path:
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


def test_defaults() -> None:
    settings = Settings()
    assert (settings.like, settings.select, settings.ignore) == ({}, frozenset(), frozenset())
    assert (settings.seed, settings.timeout) == (0, 20.0)
    assert settings.jobs >= 1


def test_nothing_said_gives_the_defaults(tmp_path: Path) -> None:
    assert read_options(tmp_path, {"seed": None, "like": None}) == Options(
        Settings(), Format.TEXT, strict=False
    )


FULL = """
[tool.backproof]
select = ["not-finite", "raises"]
ignore = "gradient-at-kink, reduction"
seed = 3
timeout = 5
jobs = 2
strict = true
format = "json"
[tool.backproof.like]
MyTanh = "tanh"
Own = "none"
[tool.backproof.domain]
MyLog = [0.1, 10]
"""


def test_every_setting_is_read_from_the_file(tmp_path: Path) -> None:
    options = read_options(project(tmp_path, FULL), {})
    assert options == Options(
        Settings(
            like={"MyTanh": "tanh", "Own": "none"},
            domain={"MyLog": (0.1, 10.0)},
            select=frozenset({"not-finite", "raises"}),
            ignore=frozenset({"gradient-at-kink", "reduction"}),
            seed=3,
            jobs=2,
            timeout=5.0,
        ),
        Format.JSON,
        strict=True,
    )


def test_the_command_line_wins(tmp_path: Path) -> None:
    given = {
        "like": ["MyTanh=none", "New=torch.nn.MSELoss(reduction='sum')"],
        "select": ["detached,raises", "time-out"],
        "ignore": [],
        "seed": 8,
        "jobs": 1,
        "timeout": 0.5,
        "strict": False,
        "format": "text",
    }
    options = read_options(project(tmp_path, FULL), given)
    assert options.settings == Settings(
        like={"MyTanh": "none", "Own": "none", "New": "torch.nn.MSELoss(reduction='sum')"},
        domain={"MyLog": (0.1, 10.0)},
        select=frozenset({"detached", "raises", "time-out"}),
        ignore=frozenset(),
        expected=frozenset({"MyTanh", "New"}),
        seed=8,
        jobs=1,
        timeout=0.5,
    )
    assert (options.format, options.strict) == (Format.TEXT, False)


def test_the_nearest_file_with_a_section_is_read(tmp_path: Path) -> None:
    project(tmp_path, "[tool.backproof]\nseed = 1")
    middle = tmp_path / "middle"
    inner = middle / "inner"
    inner.mkdir(parents=True)
    assert read_options(inner, {}).settings.seed == 1
    project(inner, "[tool.other]\nseed = 3")
    assert read_options(inner, {}).settings.seed == 1
    project(middle, "[tool.backproof]\nseed = 2")
    assert read_options(inner, {}).settings.seed == 2


BAD_FILES = [
    ("[tool.backproof]\nsede = 1", "no setting 'sede'; did you mean seed?"),
    ("[tool.backproof]\nxyzzy = 1", "no setting 'xyzzy'; known are like, domain"),
    ("[tool.backproof]\ndomain = 3", "domain: expected two numbers, e.g. [0, 1], or a table of them"),
    ("[tool.backproof]\ndomain = [1, 0]", "domain: expected two finite numbers, the lower first"),
    ("[tool.backproof.domain]\nMyLog = [0, true]", "domain: expected two numbers, e.g. [0, 1]"),
    ("[tool.backproof.domain]\nMyLog = [0, inf]", "domain: expected two finite numbers"),
    ("[tool.backproof]\nseed = -1", "seed: expected a whole number, 0 or more; got -1"),
    ("[tool.backproof]\nseed = '1'", "seed: expected a whole number, 0 or more; got '1' (str)"),
    ("[tool.backproof]\nseed = true", "got True (bool)"),
    ("[tool.backproof]\njobs = 0", "jobs: expected a whole number, 1 or more"),
    ("[tool.backproof]\ntimeout = 0", "timeout: expected a number of seconds above 0"),
    ("[tool.backproof]\ntimeout = inf", "timeout: expected a number of seconds above 0"),
    ("[tool.backproof]\ntimeout = nan", "timeout: expected a number of seconds above 0"),
    ("[tool.backproof]\nstrict = 1", "strict: expected true or false; got 1 (int)"),
    ("[tool.backproof]\nformat = 'xml'", "format: expected text, json, junit, html or github; got 'xml'"),
    ("[tool.backproof]\nformat = ['text']", "format: expected text, json"),
    ("[tool.backproof]\nselect = ['detatched']", "got 'detatched'; did you mean detached?"),
    ("[tool.backproof]\nignore = 3", "ignore: expected a list of names of diagnoses; got 3 (int)"),
    ("[tool.backproof]\nignore = [3]", "ignore: expected the name of a diagnosis; got 3 (int)"),
    ("[tool.backproof]\nlike = 'MyTanh=tanh'", "like: expected a table such as"),
    ("[tool.backproof]\nlike = {A = 'tanhh'}", "like: A=tanhh: expected the name of a reference"),
    ("[tool.backproof]\nlike = {A = 1}", "like: expected the name of a reference for A"),
    ("tool = 3\nseed =", "expected a TOML file"),
    ("[tool]\nbackproof = 3", "expected a table [tool.backproof]; got 3 (int)"),
]


@pytest.mark.parametrize(("text", "message"), BAD_FILES, ids=[message for _, message in BAD_FILES])
def test_bad_files(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read_options(project(tmp_path, text), {})
    assert message in str(caught.value)
    assert str(tmp_path / "pyproject.toml") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="expected a TOML file"):
        read_options(tmp_path, {})


BAD_LINES: list[tuple[dict[str, object], str]] = [
    ({"like": ["MyTanh"]}, "--like: expected NAME=REFERENCE, e.g. MyTanh=tanh; got 'MyTanh'"),
    ({"like": ["=tanh"]}, "--like: expected NAME=REFERENCE"),
    ({"like": ["MyTanh="]}, "--like: expected NAME=REFERENCE"),
    ({"like": ["A=tanh", "A=relu"]}, "--like: expected one reference for A, got a second one, 'relu'"),
    ({"like": ["A=tahn"]}, "--like: A=tahn: expected the name of a reference, got 'tahn'"),
    ({"like": ["A=torch.nn.MSELoss(size=3)"]}, "--like: A=torch.nn.MSELoss(size=3): "),
    (
        {"select": ["upstream-ignore"]},
        "--select: expected the name of a diagnosis, got 'upstream-ignore'; did you",
    ),
    ({"ignore": ["?"]}, "--ignore: expected the name of a diagnosis, got '?'; one is upstream-ignored"),
    ({"seed": -2}, "--seed: expected a whole number, 0 or more; got -2"),
    ({"jobs": 0}, "--jobs: expected a whole number, 1 or more; got 0"),
    ({"timeout": -1.0}, "--timeout: expected a number of seconds above 0; got -1.0"),
    ({"timeout": math.nan}, "--timeout: expected a number of seconds above 0; got nan"),
    ({"format": "pdf"}, "--format: expected text, json, junit, html or github; got 'pdf'"),
]


@pytest.mark.parametrize(("given", "message"), BAD_LINES, ids=[message for _, message in BAD_LINES])
def test_bad_command_lines(given: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read_options(tmp_path, given)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_settings_made_by_hand_are_read_in_the_same_way() -> None:
    with pytest.raises(SettingsError, match="seed: expected a whole number"):
        Settings(seed=-1)
    with pytest.raises(SettingsError, match="select: expected the name of a diagnosis"):
        Settings(select=frozenset({"nonsense"}))


@pytest.mark.parametrize(
    ("select", "ignore", "wanted"),
    [((), (), True), (("raises",), (), True), (("detached",), (), False), ((), ("raises",), False),
     (("raises",), ("raises",), False)],
)  # fmt: skip
def test_which_diagnoses_are_reported(select: tuple[str, ...], ignore: tuple[str, ...], wanted: bool) -> None:
    assert Settings(select=frozenset(select), ignore=frozenset(ignore)).reports("raises") is wanted
