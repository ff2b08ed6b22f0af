"""The whole comparison: every kind of file by its comparer, and what no comparer saw is said to be undecided."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from contract.diff import asyncapi, catalogues, clauses, lifecycles, loops, openapi
from contract.diff.documents import Contract, UnreadableContract
from contract.diff.model import UNDECIDED, Comparison, Findings, breaks, words
from contract.diff.schema_changes import SchemaChanges
from contract.diff.steps import exact


def compare(old: Contract, new: Contract) -> Comparison:
    """Everything that changed from the old contract to the new one. Equal contracts give no change, whatever their layout.

    Raises: UnreadableContract, when a file has not the shape of its kind.
    """
    for contract in (old, new):
        with _reading("a schema"):
            loops.check(contract)
    findings = Findings()
    schemas = SchemaChanges(old, new, findings)
    with _reading("openapi.yaml"):
        openapi.compare(old, new, findings, schemas)
    with _reading("asyncapi.yaml"):
        asyncapi.compare(old, new, findings, schemas)
    for path in lifecycles.paths(old, new):
        with _reading(path):
            lifecycles.compare(path, old, new, findings)
    with _reading("clauses.yaml"):
        clauses.compare(old, new, findings)
    for path, compare_file in catalogues.FILES.items():
        with _reading(path):
            compare_file(old.document(path), new.document(path), findings, schemas)
    with _reading("a schema"):
        schemas.files(old, new)
    _examples(old, new, findings)
    _overlooked(old, new, findings)
    return Comparison(old.version, new.version, findings.in_order())


@contextmanager
def _reading(path: str) -> Iterator[None]:
    """What is not shaped as the comparers take for granted is a flaw of the file, not of the comparison."""
    try:
        yield
    except UnreadableContract:
        raise
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise UnreadableContract(
            f"{path} is not shaped as a contract's in one of the two ({error}); mend it, or compare another revision."
        ) from error


def _examples(old: Contract, new: Contract, findings: Findings) -> None:
    """Examples show what the schemas say; told by folder."""
    for path in sorted({*old.examples, *new.examples}):
        if old.examples.get(path) != new.examples.get(path):
            folder = path.rpartition("/")[0].removeprefix("examples/")
            findings.both(
                "examples",
                "examples/",
                folder,
                "other examples than before",
                words("examples promise nothing"),
            )


def _overlooked(old: Contract, new: Contract, findings: Findings) -> None:
    """A file that changed and of which nothing was said: one that no comparer knows."""
    seen = findings.documents()
    schemas = {*old.schema_paths, *new.schema_paths}
    for path in sorted({*old.files, *new.files} - seen):
        if path not in old.files or path not in new.files:
            if path in schemas:
                continue  # told by folder
            what = "a file that is new" if path in new.files else "a file that is gone"
        elif exact(old.files[path]) != exact(new.files[path]) and _meaning(old.files[path]) != _meaning(
            new.files[path]
        ):
            what = "changed, in a way that is not understood"
        else:
            continue
        findings.both("file", path, "document", what, breaks(UNDECIDED, certain=False))


def _meaning(content: Any) -> str:
    """Equal for files that differ in order only; where an order is promised, a comparer has looked at it."""
    if isinstance(content, dict):
        return exact({key: _meaning(value) for key, value in content.items()})
    if isinstance(content, list):
        return exact(sorted(_meaning(value) for value in content))
    return exact(content)
