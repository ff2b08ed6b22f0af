"""What many lies are made of: a draft that changes what is put into it, a module with some names replaced."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

from simulator.draft import Draft
from simulator.world import Row


class Meddling:
    """A draft that passes every row through `change` on its way in; None drops it, several rows replace it.

    `deleted` decides whether a row may be deleted.
    """

    def __init__(
        self,
        draft: Draft,
        change: Callable[[Row], Row | None] = lambda row: row,
        deleted: Callable[[Row], bool] = lambda row: True,
    ) -> None:
        self._draft, self._change, self._deleted = draft, change, deleted

    def __getattr__(self, name: str) -> Any:
        return getattr(self._draft, name)

    def put(self, row: Row) -> None:
        changed = self._change(row)
        if changed is not None:
            self._draft.put(changed)

    def delete(self, row: Row) -> None:
        if self._deleted(row):
            self._draft.delete(row)


def but(original: ModuleType | Any, **replaced: Any) -> Any:
    """The same names, some of them standing for something else."""
    names = {name: getattr(original, name) for name in dir(original) if not name.startswith("__")}
    return SimpleNamespace(**{**names, **replaced})
