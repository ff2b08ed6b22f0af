"""What a mutant is, and how one is put in place."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast, get_args

import structlog

from contract.clauses import clause

Layer = Literal["world", "transaction", "publisher", "protocol"]
Lie: TypeAlias = Callable[[Any], Any]

_SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
_LAYERS = get_args(Layer)
_log = structlog.get_logger("staycheck.mutants")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One broken promise. `clause` is the promise, `places` (`module:attribute.path`) are what is replaced.

    `lie` gets what stands at a place and answers what stands there instead.
    """

    name: str
    layer: Layer
    clause: str
    summary: str
    places: tuple[str, ...]
    lie: Lie


class UnknownMutant(LookupError):
    """No mutant has this name; the message names the nearest."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        near = difflib.get_close_matches(name, known, n=2)
        hint = f"; did you mean {' or '.join(near)}?" if near else "; `staycheck mutants --list` names them."
        super().__init__(f"there is no mutant {name}{hint}")


_registry: dict[str, Mutant] = {}


def mutant(name: str, broken_clause: str, *places: str) -> Callable[[Lie], Lie]:
    """Register a lie. Its layer is the first word of its module, its summary the first line of its docstring.

    A duplicate name, an unknown clause or a missing summary fails at import.
    """

    def register(lie: Lie) -> Lie:
        layer = lie.__module__.rsplit(".", 1)[1].split("_")[0]
        if layer not in _LAYERS:
            raise ValueError(f"{lie.__module__}: the module of a mutant begins with {', '.join(_LAYERS)}")
        if not _SLUG.match(name) or name in _registry:
            raise ValueError(f"mutant {name!r} is no slug, or there are two of that name")
        if not lie.__doc__ or not places:
            raise ValueError(f"mutant {name!r} needs a docstring and a place")
        summary = lie.__doc__.strip().splitlines()[0].rstrip(".")
        _registry[name] = Mutant(name, cast(Layer, layer), clause(broken_clause).id, summary, places, lie)
        return lie

    return register


def all_mutants() -> tuple[Mutant, ...]:
    """Every mutant, by layer and then by name."""
    package = importlib.import_module("reference_server.mutants")
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.split("_")[0] in _LAYERS:
            importlib.import_module(f"{package.__name__}.{module.name}")
    return tuple(sorted(_registry.values(), key=lambda m: (_LAYERS.index(m.layer), m.name)))


def get_mutant(name: str) -> Mutant:
    """The mutant of this name. Raises: `UnknownMutant`."""
    known = {each.name: each for each in all_mutants()}
    if name not in known:
        raise UnknownMutant(name, tuple(known))
    return known[name]


def install(name: str) -> Mutant:
    """Make this process lie, for good. Raises: `UnknownMutant`; AttributeError when a place is gone."""
    found = get_mutant(name)
    for place in found.places:
        module, _, path = place.partition(":")
        owner: Any = importlib.import_module(module)
        *outer, last = path.split(".")
        for step in outer:
            owner = getattr(owner, step)
        setattr(owner, last, found.lie(getattr(owner, last)))
    _log.warning("mutant_installed", mutant=name, clause=found.clause)
    return found
