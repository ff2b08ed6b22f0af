"""Points in time as the contract writes them: ISO 8601 with seconds and an offset, and calendar dates.

`parse_*` accept exactly what `contract.formats` asserts, so a value that passed its schema always parses.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

_TIMESTAMP = re.compile(
    r"\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def format_timestamp(moment: datetime) -> str:
    """UTC with six digits and `Z`, so that text order is time order. ValueError for a datetime without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a timestamp needs an offset; this datetime has none")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_timestamp(text: str) -> datetime:
    """An aware datetime, its offset as written. ValueError when `text` is no timestamp of the contract."""
    if _TIMESTAMP.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no timestamp: ISO 8601 with seconds and an offset")
    return datetime.fromisoformat(text)


def parse_date(text: str) -> date:
    """A calendar date written YYYY-MM-DD. ValueError when it is not one."""
    if _DATE.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no date: YYYY-MM-DD")
    return date.fromisoformat(text)
