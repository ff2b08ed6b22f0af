"""The headers of answers that are recorded, and the words for what a browser asks before it calls."""

from __future__ import annotations

CORS_ORIGIN = "access-control-allow-origin"
CORS_HEADERS = "access-control-allow-headers"
RECORDED = frozenset(("date", CORS_ORIGIN, CORS_HEADERS, "access-control-allow-methods"))
PREFLIGHT = "preflight"
"""The operation under which a preflight is recorded: it is none of the contract's."""
