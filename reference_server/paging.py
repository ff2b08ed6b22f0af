"""Pages of a list: count, next, previous."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from yarl import URL

from reference_server.house import Call

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of `count` items. A page after the last one is empty."""

    items: Sequence[T]
    count: int
    number: int
    size: int
    url: URL

    def links(self) -> dict[str, Any]:
        last = max(1, -(-self.count // self.size))
        return {
            "count": self.count,
            "next": self._link(self.number + 1) if self.number < last else None,
            "previous": self._link(min(self.number - 1, last)) if self.number > 1 else None,
        }

    def _link(self, number: int) -> str:
        return str(self.url.update_query(page=str(number)))


def page_of(items: Sequence[T], call: Call) -> Page[T]:
    """The page that the query asks for; `page` and `page_size` carry their defaults from the schema."""
    number, size = call.query["page"], call.query["page_size"]
    begin = (number - 1) * size
    return Page(items[begin : begin + size], len(items), number, size, call.url)
