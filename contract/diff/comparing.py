"""The whole comparison: every kind of file by its comparer, and what no comparer saw is said to be undecided."""

from __future__ import annotations

from typing import Any

from contract.diff import asyncapi, catalogues, clauses, lifecycles, openapi
from contract.diff.documents import Contract
from contract.diff.model import UNDECIDED, Comparison, Findings, breaks, words
from contract.diff.schema_changes import SchemaChanges
from contract.diff.steps import exact


def compare(old: Contract, new: Contract) -> Comparison:
    """Everything that changed from the old contract to the new one. Equal contracts give no change, whatever their layout.

    Raises: `contract.diff.UnreadableContract` only where reading did not find it already.
    """
    findings = Findings()
    schemas = SchemaChanges(old, new, findings)
    openapi.compare(old, new, findings, schemas)
    asyncapi.compare(old, new, findings, schemas)
    lifecycles.compare(old, new, findings)
    clauses.compare(old, new, findings)
    catalogues.compare(old, new, findings, schemas)
    schemas.files(old, new)
    _examples(old, new, findings)
    _overlooked(old, new, findings)
    return Comparison(old.version, new.version, findings.in_order())


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
        elif _meaning(old.files[path]) != _meaning(new.files[path]):
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
