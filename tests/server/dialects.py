"""The dialects the server is tried in: a backend's, a frontend's, and one that says nothing as the contract does."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FILES = {
    "innkeeper": ROOT / "examples/django_backend/dialect.toml",
    "board-frontend": ROOT / "examples/dialects/board_frontend.toml",
    "everything-odd": ROOT / "examples/dialects/everything_odd.toml",
}


@cache
def document(name: str) -> dict[str, Any]:
    """The document of a dialect by its name."""
    found: dict[str, Any] = tomllib.loads(FILES[name].read_text())
    return found
