"""JSON from outside: read strictly, and left as text when it is none. The rules say what is wrong with it."""

from __future__ import annotations

import json
from typing import Any

from contract.json_text import strict_json


def read_json(text: str | bytes) -> tuple[Any, bool]:
    """(the value, True), or (the text, False) when it is not JSON: NaN and the infinities are none."""
    try:
        return strict_json(text), True
    except (ValueError, RecursionError):
        return text.decode("utf-8", "replace") if isinstance(text, bytes) else text, False


def read_data(data: Any) -> tuple[Any, int]:
    """The data of an event, which comes as JSON text or as a value: (the value or the text, its size in bytes as text)."""
    if not isinstance(data, str):
        return data, len(
            json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        )
    return read_json(data)[0], len(data.encode("utf-8", "surrogatepass"))
