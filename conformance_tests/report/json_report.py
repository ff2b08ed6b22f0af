"""The report as JSON: the bytes two judgements of one history share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def to_json(report: dict[str, Any]) -> str:
    """Two spaces, keys in the order of the schema, a newline at the end."""
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def write_json(report: dict[str, Any], path: Path) -> None:
    """Write it to a file. Raises `OSError`."""
    path.write_text(to_json(report), encoding="utf-8", newline="\n")
