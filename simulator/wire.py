"""How single values are written on the wire."""

from __future__ import annotations

from datetime import date, datetime

from contract.timestamps import format_timestamp as timestamp

__all__ = ["day", "full_name", "optional_timestamp", "timestamp"]


def optional_timestamp(value: datetime | None) -> str | None:
    """A time as the contract writes it, null when there is none."""
    return None if value is None else timestamp(value)


def day(value: date) -> str:
    """A date as YYYY-MM-DD."""
    return value.isoformat()


def full_name(first_name: str, last_name: str) -> str:
    return f"{first_name} {last_name}".strip()
