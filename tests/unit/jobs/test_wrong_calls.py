"""Commands called wrongly: told with an exit code and what to do, before a session is started or a file is touched."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from jobs import cli
from jobs.arguments import scheme_name
from jobs.params import _check_known
from jobs.recalc import _this_user
from jobs.shell import guarded
from lake.errors import MissingParameters, UsageProblem
from lake.prepay_files import LAYOUTS as PREPAY
from lake.registry import PROVINCE, load_registry
from lake.runs import FinishedRun, RunBook
from lake.scheme_store import SchemeVersion, _named
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.context.build_session", lambda _: pytest.fail("a session was started"))


def told(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code and stderr, also where argparse ends the call."""
    try:
        code = cli.main(words)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, capsys.readouterr().err


YEARS = ("0", "-1", "99999", "25", "２０２５", "2025.0", "2025年", "")


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize(
    "words",
    [
        ["results"],
        ["settle"],
        ["statement", "H1"],
        ["statements", "--out", "out"],
        ["reconcile", "f.csv", "--city", "990100"],
        ["clearing-statement", "--city", "9901"],
        ["params", "list"],
        ["group", "--year", "2025", "--scheme-year"],
        ["demo"],
    ],
)
def test_what_is_no_year_is_refused(words: list[str], year: str, capsys: pytest.CaptureFixture[str]) -> None:
    option = [] if words[-1] == "--scheme-year" else ["--year"]
    code, said = told([*words, *option, year], capsys)
    assert code == 2
    assert "four digits" in said if year else "an argument is empty (--" in said


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["results", "--year", "2025", "--city", ""], "--city"),
        (["results", "--year", "2025", "--out", " "], "--out"),
        (["results", "--year", "2025", "--lake="], "--lake"),
        (["why", ""], "the one after 'why'"),
        (["settle-files", "IN", ""], "the one after 'IN'"),
        (["publish", "--year", "2025", "--who", "", "--why", "x"], "--who"),
    ],
)
def test_an_empty_argument_is_named(words: list[str], named: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An unset variable of a script must not mean this folder, or all cities."""
    code, said = told(words, capsys)
    assert code == 2
    assert f"an argument is empty ({named})" in said


@pytest.mark.parametrize("area", ["99010O", "9901", "９９０１００", "990100 ", "演示市", "../990100"])
@pytest.mark.parametrize("words", [["settle"], ["publish", "--who", "a", "--why", "b"], ["reconcile", "f.csv"]])
def test_what_is_no_area_is_refused(words: list[str], area: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = told([*words, "--year", "2025", "--city", area], capsys)
    assert (code, f"{area!r} is no area; write the six digits" in said) == (2, True)


@pytest.mark.parametrize("name", ["a b", "a/b", "..\\a", "a\tb", "book.xlsx", "x" * 101, "a\u200bb"])
def test_names_of_schemes_can_be_told_from_paths(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = told(["scheme", "import", "PATH", "--id", name], capsys)
    assert (code, "is no name for a scheme" in said) == (2, True)
    assert scheme_name("某市-2025_v1.0") == "某市-2025_v1.0"


@pytest.mark.parametrize("job", ["settle-files", "measure-files"])
def test_where_files_go_is_tested_before_they_are_read(
    job: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    code, said = told([job, str(tmp_path / "none"), str(tmp_path / "file")], capsys)
    assert (code, "is a file. Give a folder that can" in said) == (3, True)


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    folder = tmp_path / "lake"
    folder.mkdir()
    return folder


def test_what_needs_no_lake_to_be_seen_is_told_without_one(
    lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("a;b\n")
    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs" / "funds.csv").write_text("area;insutype\n")
    (tmp_path / "inputs" / "applications.csv").write_text("x\n")
    year = ["--year", "2025"]
    calls = [
        (["close"], 2, "none is given"),
        (["close", "--month", "2025-01"], 2, "--by (a person)"),
        (["close", "--month", "2025-13", "--by", "a", "--why", "b"], 2, "write a month like"),
        (["prepay", *year, "--inputs", str(tmp_path / "inputs")], 3, "funds.csv line 1: no column is known"),
        (["prepay", *year, "--inputs", str(tmp_path / "inputs"), "--as-of", "202512"], 2, "'202512' is no month"),
        (["prepay", *year, "--inputs", str(tmp_path / "none")], 3, "is not a folder"),
        (["drugs", *year, "--items", str(wrong)], 3, "separated by semicolons: save the file with commas"),
        (["weights", *year, "--proposals", str(tmp_path / "none.csv")], 3, "is not there"),
        (["budget", *year, "--inputs", str(tmp_path)], 3, "is not there"),
        (["add-ons", *year, "--applications", str(wrong)], 3, "separated by semicolons"),
        (["drugs", *year, "--items", str(wrong), "--policy", str(tmp_path / "none")], 3, "not a folder of policy"),
        (["recalc", *year, "--policy", str(tmp_path)], 3, "there is no base.yaml"),
        (["ingest", str(tmp_path), "--month", "2025-1"], 2, "'2025-1' is no month"),
        (["scheme", "import", str(tmp_path / "none"), "--id", "x"], 3, "no such file or folder"),
        (["scheme", "import", str(tmp_path), "--id", "x", "--overlay-of", "base"], 3, "no "),
        (["scheme", "import", str(tmp_path), "--id", "x", "--city", "990100"], 2, "--city and --from go together"),
    ]
    for words, code, message in calls:
        found, said = told([*words, "--lake", str(lake)], capsys)
        assert (found, message in said) == (code, True), f"{words}: {found}, {said}"
    assert list(lake.iterdir()) == []
    assert all(layout.file in (ROOT / "docs" / "rules.md").read_text() for layout in PREPAY.values())


@pytest.mark.parametrize(
    "words",
    [
        ["results", "--year", "2025"],
        ["statements", "--year", "2025"],
        ["clearing-statement", "--year", "2025", "--city", "9901"],
        ["reconcile", "FILE.csv", "--year", "2025", "--city", "990100"],
        ["add-ons", "--year", "2025", "--applications", "FILE.csv"],
        ["group", "--year", "2025", "--compare", "x"],
    ],
)
def test_an_out_that_cannot_be_is_told_first(
    words: list[str], lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    os.mkfifo(tmp_path / "pipe")
    folders = words[0] in ("results", "statements")
    places = [tmp_path / "file" / "below", tmp_path / ("n" * 300)]
    places += [tmp_path / "file"] if folders else [tmp_path, tmp_path / "pipe"]
    for place in places:
        code, said = told([*words, "--out", str(place), "--lake", str(lake)], capsys)
        assert code == 3, said
        assert "cannot be" in said
        assert "Give " in said
        assert len(said) < 700
    assert (tmp_path / "file").read_text() == "mine"
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.parametrize("words", [["demo"], ["scheme", "import", "SCHEME", "--id", "x"], ["ingest", "LANDING"]])
def test_a_lake_that_cannot_be_made_is_told_first(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "lists").mkdir()
    places = {"SCHEME": str(ROOT / "conf" / "demo" / "scheme"), "LANDING": str(tmp_path)}
    named = [places.get(word, word) for word in words]
    for place in (tmp_path / "file", tmp_path / "file" / "lake"):
        code, said = told([*named, "--lake", str(place)], capsys)
        assert (code, f"{place} cannot be written to: {tmp_path / 'file'} is a file" in said) == (3, True)
    assert told(["generate", "--out", str(tmp_path / "file" / "x")], capsys)[0] == 3


def test_a_store_that_cannot_be_reached_is_no_stack_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unknown(lake: object, table: object) -> bool:
        raise RuntimeError("java.net.UnknownHostException: nowhere\n\tat java.base")

    monkeypatch.setattr("jobs.context.build_session", lambda _: None)
    monkeypatch.setattr("lake.store.Lake.exists", unknown)
    code, said = told(["why", "S1", "--lake", "hdfs://nowhere/lake"], capsys)
    assert code == 7
    assert (
        "the lake hdfs://nowhere/lake cannot be reached (java.net.UnknownHostException: nowhere): check --lake" in said
    )
    assert said.count("\n") == 1


def test_statement_and_statements_point_at_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    one = told(["statement", "--year", "2025"], capsys)
    all_of_them = told(["statements", "H1", "--year", "2025", "--out", "out"], capsys)
    assert (one[0], all_of_them[0]) == (2, 2)
    assert "as workbooks: dianshu statements --year Y --out DIR" in one[1]
    assert "unrecognized arguments: H1. For one hospital, printed: dianshu statement CODE" in all_of_them[1]
    for name, other in (("statement", "dianshu statements"), ("statements", "dianshu statement CODE")):
        with pytest.raises(SystemExit):
            cli.main([name, "--help"])
        assert other in capsys.readouterr().out


@pytest.mark.parametrize("number", [errno.ENAMETOOLONG, errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_a_place_that_the_machine_refuses_is_no_stack_trace(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise OSError(number, os.strerror(number), "/somewhere/" + "x" * 1000)

    assert guarded(fail) == 3
    said = capsys.readouterr().err
    assert said.startswith("dianshu: /somewhere/xxx")
    assert f"{os.strerror(number)}; give a place that can be used" in said
    assert len(said) < 400


def test_other_errors_of_files_are_not_hidden() -> None:
    def fail() -> int:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", "settings.yaml")

    with pytest.raises(FileNotFoundError):
        guarded(fail)


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr("jobs.recalc.getpass.getuser", nameless)
    monkeypatch.setattr("jobs.recalc.os.getuid", lambda: 1234)
    assert _this_user() == "user 1234"
    with pytest.raises(SystemExit) as ended:
        cli.main(["recalc", "--help"])
    assert ended.value.code == 0


def test_versions_of_a_city_nobody_knows_are_not_an_empty_list() -> None:
    _check_known("--city", "9901", {"9901", "9902"})
    _check_known("--city", None, {"9901"})
    _check_known("--city", "9901", set())
    with pytest.raises(UsageProblem, match="--city 9903: there is no parameter version of it; there are some of 9901"):
        _check_known("--city", "9903", {"9901", "9902"})


def test_a_year_without_a_registry_names_those_that_are_there() -> None:
    run = FinishedRun("r", "registry", PROVINCE, "2025", {}, None)  # type: ignore[arg-type]
    runs = RunBook(None, {("registry", PROVINCE, "2025"): run}, True)  # type: ignore[arg-type]
    with pytest.raises(MissingParameters, match=r"no registry of 2024 \(years that it has: 2025\)"):
        load_registry(runs, 2024)


def test_a_scheme_is_found_by_name_or_by_what_only_it_begins_with() -> None:
    known = [SchemeVersion(name, mark, None, "") for name, mark in (("a", "12ab"), ("b", "12cd"), ("12", "ff"))]
    assert _named(known, "a") == known[0]
    assert _named(known, "12c") == known[1]
    assert _named(known, "12") == known[2]  # a name goes before the beginning of a fingerprint
    assert _named(known, "zz") is None
    with pytest.raises(UsageProblem, match="begins the fingerprints of several schemes"):
        _named(known, "1")
