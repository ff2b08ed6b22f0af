"""The report as JSON: the bytes two judgements of one history share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def to_json(report: Mapping[str, Any]) -> str:
    """Two spaces, keys in the order of the schema, a newline at the end."""
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"
