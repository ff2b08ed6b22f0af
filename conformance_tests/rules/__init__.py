"""The rules, by what they look at. Importing a module registers its rules; `load` imports them all."""

from __future__ import annotations

import importlib
import pkgutil


def load() -> None:
    """Import every module of this package once; a bad declaration fails here, with a sentence for its author."""
    for module in sorted(name for _, name, _ in pkgutil.iter_modules(__path__)):
        importlib.import_module(f"{__name__}.{module}")
