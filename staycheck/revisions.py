"""Where a contract to compare comes from: a folder, or a revision of a git repository, read through `git` itself.

Nothing is checked out and nothing is written: `git ls-tree` and `git cat-file` read what is committed.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from contract.diff import Contract, UnreadableContract, is_contract_file, read_contract
from contract.diff.documents import DOCUMENTS

_SECONDS = 60
_USUAL = "schemas"
"""The folder of a repository, or of a folder that is named, in which a contract is looked for first."""


def load(source: str) -> Contract:
    """The contract a source names.

    A source is a folder (the contract's, or one with the contract in `schemas/`), or a revision: `REV` of the repository
    around the working directory, `REV:PATH` where the contract lies elsewhere in it, `REPO@REV`, `REPO@REV:PATH` for a
    repository elsewhere. What is a folder is read as one.

    Raises: UnreadableContract.
    """
    texts = _of_folder(Path(source)) if Path(source).is_dir() else _of_revision(source)
    return read_contract(texts, source)


def _of_folder(folder: Path) -> dict[str, str]:
    if not any((folder / name).is_file() for name in DOCUMENTS) and (folder / _USUAL).is_dir():
        folder = folder / _USUAL
    if not any((folder / name).is_file() for name in DOCUMENTS):
        return {}  # no contract: nobody waits until all files below a wrong folder are read
    texts: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if is_contract_file(name) and path.is_file():
            try:
                texts[name] = path.read_bytes().decode()
            except (OSError, UnicodeDecodeError) as error:
                raise UnreadableContract(
                    f"{path} cannot be read ({_why(error)}); mend it, or compare another folder."
                ) from None
    return texts


def _why(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or "it is not UTF-8")


def _of_revision(source: str) -> dict[str, str]:
    repository, at, rest = source.partition("@")
    if not at or not Path(repository or "/nowhere").is_dir():
        repository, rest = ".", source  # `main@{yesterday}` is a revision of this repository
    revision, colon, folder = rest.partition(":")
    commit = _commit(repository, revision, source)
    listed = _git(repository, source, "ls-tree", "-r", "-z", "--full-tree", commit).decode(errors="replace")
    blobs: dict[str, str] = {}
    for line in filter(None, listed.split("\0")):
        about, _, path = line.partition("\t")
        mode, kind, name = about.split(" ")
        if kind == "blob" and mode != "120000":
            blobs[path] = name
    prefix = _prefix(blobs, folder.strip("/") if colon else None)
    wanted = {path.removeprefix(prefix): name for path, name in blobs.items() if path.startswith(prefix)}
    return _contents(
        repository, source, {path: name for path, name in wanted.items() if is_contract_file(path)}
    )


def _prefix(blobs: dict[str, str], folder: str | None) -> str:
    """The folder of the contract, with a slash behind it, or nothing when that is the root."""
    if folder is not None:
        return f"{folder}/" if folder else ""
    return f"{_USUAL}/" if any(f"{_USUAL}/{name}" in blobs for name in DOCUMENTS) else ""


def _commit(repository: str, revision: str, source: str) -> str:
    _git(repository, source, "rev-parse", "--git-dir")  # says whether there is a repository at all
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{tree}}")
    found = _run(repository, *asked) if revision else None
    if found is None or found.returncode:
        raise UnreadableContract(
            f"{source} is neither a folder nor a revision that the git repository in {Path(repository).resolve()} has; "
            "name a folder with openapi.yaml in it, or fetch the revision first (`git fetch --tags --unshallow`)."
        )
    return found.stdout.decode().strip()


def _contents(repository: str, source: str, blobs: dict[str, str]) -> dict[str, str]:
    """The text of each blob, by one process for all of them."""
    asked = "".join(f"{name}\n" for name in blobs.values())
    answered = _git(repository, source, "cat-file", "--batch", stdin=asked.encode())
    texts: dict[str, str] = {}
    position = 0
    for path in blobs:
        end = answered.index(b"\n", position)
        size = int(answered[position:end].split(b" ")[2])
        try:
            texts[path] = answered[end + 1 : end + 1 + size].decode()
        except UnicodeDecodeError:
            raise UnreadableContract(f"{path} in {source} is not UTF-8; compare another revision.") from None
        position = end + 1 + size + 1
    return texts


def _git(repository: str, source: str, *arguments: str, stdin: bytes = b"") -> bytes:
    done = _run(repository, *arguments, stdin=stdin)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason was given"]
        reason = said[0].removeprefix("fatal: ").rstrip(".")
        raise UnreadableContract(
            f"{source} is not a folder, and cannot be read as a git revision either ({reason}); "
            "name a folder with openapi.yaml in it, or a revision of this repository."
        )
    return done.stdout


def _run(repository: str, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environ = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        return subprocess.run(  # noqa: S603 - no shell, and revisions stand behind --end-of-options
            ["git", "-C", repository, *arguments],  # noqa: S607 - whichever git the user has
            input=stdin, capture_output=True, check=False, timeout=_SECONDS, env=environ,
        )  # fmt: skip
    except FileNotFoundError:
        raise UnreadableContract(
            "git is not installed, so revisions cannot be read; compare two folders."
        ) from None
    except subprocess.TimeoutExpired:
        raise UnreadableContract(
            f"git did not answer within {_SECONDS} seconds; compare two folders."
        ) from None
