"""`staycheck diff` as a user runs it: folders, revisions, three formats, exit codes, and one sentence when it cannot."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from contract.schema_store import schema_store
from staycheck.commands import app
from tests.contract.diff.edits import EDITS, Edit, contract_files, edited, texts

WIDENED = next(edit for edit in EDITS if edit.name == "reply field may be null")
NEW_MUST = next(edit for edit in EDITS if edit.name == "a new MUST")
REWORDED = next(edit for edit in EDITS if edit.name == "a clause reworded")
TEN = [
    "reply field gone", "required reply field", "request field required", "another status of bookings", "path moved", "event renamed",
    "transition gone", "a role may more", "a new MUST", "a later arrival", "a state new", "a field described", "nullable said otherwise",
]  # fmt: skip
"""Edits of different kinds, for one contract."""


def written(folder: Path, *edits: Edit) -> Path:
    """The contract, edited, as files (JSON is YAML too)."""
    for path, content in edited(contract_files(), *edits).files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The committed contract, as it is written, in a folder."""
    folder = tmp_path_factory.mktemp("old")
    for path, text in texts().items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chosen = [edit for edit in EDITS if edit.name in TEN]
    return written(tmp_path_factory.mktemp("new"), *chosen)


def git(folder: Path, *arguments: str) -> None:
    name = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", folder, *name, *arguments], check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory, old: Path) -> Path:
    """A repository with two versions of the contract in `schemas/`, and an older one in a folder with a space."""
    folder = tmp_path_factory.mktemp("hotel contract")
    git(folder, "init", "-q", "-b", "main")
    shutil.copytree(old, folder / "schemas")
    shutil.copytree(old, folder / "old one")
    (folder / "schemas" / "naïve.md").write_text("A file of no interest.", encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    git(folder, "tag", "v1")
    written(folder / "schemas", WIDENED)
    git(folder, "commit", "-q", "-a", "-m", "second")
    return folder


def run(*arguments: Any, at: Path | None = None) -> tuple[int, str, str]:
    """Exit code, stdout, stderr; without a process of its own, in the working directory `at`."""
    here = Path.cwd()
    os.chdir(at or here)
    try:
        result = CliRunner().invoke(app, ["diff", *map(str, arguments)], env={"COLUMNS": "100"})
    finally:
        os.chdir(here)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def test_ten_edits_of_different_kinds_are_each_called_what_they_are(old: Path, new: Path) -> None:
    code, printed, _ = run(old, new, "--json")
    report = json.loads(printed)
    assert code == 0
    assert schema_store().problems("files/contract_diff.schema.json", report) == []
    told = {(one["kind"], one["consumers"]["level"], one["providers"]["level"]) for one in report["changes"] if one["document"] != "examples/"}  # fmt: skip
    level = {"may break": "breaking"}
    wanted = [edit for edit in EDITS if edit.name in TEN]
    assert told == {(one.kind, level.get(one.consumers, one.consumers), level.get(one.providers, one.providers)) for one in wanted}  # fmt: skip
    assert len(wanted) >= 10


@pytest.mark.parametrize(
    ("edit", "gate", "code"),
    [
        (WIDENED, "breaking", 1),
        (WIDENED, "breaking:consumers", 1),
        (WIDENED, "breaking:providers", 0),
        (NEW_MUST, "breaking:consumers", 0),
        (NEW_MUST, "breaking:providers", 1),
        (REWORDED, "breaking", 0),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_the_gate_fails_on_what_it_names(old: Path, tmp_path: Path, edit: Edit, gate: str, code: int) -> None:
    assert run(old, written(tmp_path, edit), "--fail-on", gate)[0] == code


def test_the_text_says_what_where_and_why_for_either_side(old: Path, tmp_path: Path) -> None:
    _, printed, _ = run(old, written(tmp_path, WIDENED, REWORDED))
    said = " ".join(printed.split())
    assert "Breaks consumers (1)" in said
    assert "resources/booking_detail.schema.json nights type integer becomes integer or null" in said
    assert "consumers breaking: a frontend may get what it never had to read" in said
    assert "providers compatible: whatever it sent is still right" in said
    assert "in event RoomOccupancyUpdated" in said
    assert "1 breaks consumers (frontends), none breaks providers (backends)." in said
    assert max(map(len, printed.splitlines())) <= 100


def test_markdown_has_a_table_that_no_text_breaks(old: Path, new: Path) -> None:
    _, printed, _ = run(old, new, "--markdown")
    rows = [line for line in printed.splitlines() if line.startswith("|")]
    assert len(rows) > len(TEN)
    assert {len(row.replace("\\|", "").split("|")) for row in rows} == {6}
    assert "### Breaks consumers and providers" in printed
    assert "required property `is_bookable` is gone" in printed


def test_equal_contracts_say_so(old: Path) -> None:
    code, printed, _ = run(old, old, "--fail-on", "breaking")
    assert code == 0
    assert printed.startswith("The contract did not change between")


@pytest.mark.parametrize(
    ("first", "second"),
    [("v1", "main"), ("v1", "schemas"), ("v1", "."), ("main:old one", "HEAD"), ("v1:schemas/", "main:schemas"), ("v1", "HEAD@{0}")],
)  # fmt: skip
def test_revisions_are_read_from_the_repository_around(repository: Path, first: str, second: str) -> None:
    code, printed, complaint = run(first, second, "--json", at=repository)
    assert code == 0, complaint
    assert [one["kind"] for one in json.loads(printed)["changes"]] == [WIDENED.kind]


def test_revisions_are_read_from_below_and_from_another_repository(repository: Path, tmp_path: Path) -> None:
    for arguments, at in (
        (("v1", "main"), repository / "schemas"),
        ((f"{repository}@v1", f"{repository}@main:schemas"), tmp_path),
        ((f"{repository}@v1", repository), tmp_path),
    ):
        code, printed, complaint = run(*arguments, "--json", at=at)
        assert code == 0, complaint
        assert [one["kind"] for one in json.loads(printed)["changes"]] == [WIDENED.kind]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("v9", "main"), 2, "v9 is neither a folder nor a revision"),
        (("--", "--upload-pack=x", "main"), 2, "--upload-pack=x is neither a folder nor a revision"),
        (("v1:nowhere", "main"), 2, "v1:nowhere holds no contract"),
        (("v1", "."), 2, "cannot be read"),
        (("main", "main", "--fail-on", "broken"), 64, "--fail-on takes breaking"),
        (("main", "main", "--json", "--markdown"), 64, "choose one"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    repository: Path, tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    at = repository
    if arguments == ("v1", "."):
        at = tmp_path  # a folder that is in no repository, and has a broken contract
        (tmp_path / "openapi.yaml").write_text("paths: [", encoding="utf-8")
        arguments = (f"{repository}@v1", ".")
    found, printed, complaint = run(*arguments, at=at)
    assert found == code
    assert printed == ""
    assert said in complaint
    assert len(complaint.splitlines()) == 1


def test_without_a_repository_it_says_what_to_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    code, _, complaint = run("main", "main", at=tmp_path)
    assert code == 2
    assert "not a git repository" in complaint
    assert "name a folder with openapi.yaml in it" in complaint


def test_without_git_folders_can_still_be_compared(old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run(old, old)[0] == 0
    code, _, complaint = run("main", "main", at=tmp_path)
    assert code == 2
    assert "git is not installed" in complaint
