"""JSON that is JSON: what Python takes beyond it is left to whoever judges it."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def strict_json(text: str | bytes) -> Any:
    """The value. ValueError when it is none, also for NaN and Infinity, which would not come out again as they went in."""
    return json.loads(text, parse_constant=_refuse)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
