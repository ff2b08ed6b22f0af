"""The data of an event as text or object, read as JSON."""

from __future__ import annotations

import json
from typing import Any


def read_data(data: Any) -> tuple[Any, int]:
    """(the value, its size in bytes as JSON text). Text that is not JSON stays text: the rules say what is wrong."""
    if not isinstance(data, str):
        return data, len(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())
    size = len(data.encode("utf-8", "surrogatepass"))
    try:
        return json.loads(data), size
    except (ValueError, RecursionError):
        return data, size
