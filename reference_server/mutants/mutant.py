"""What a mutant is, and how one is put in place."""

from __future__ import annotations

import difflib
import importlib
import inspect
import os
import pkgutil
import re
import threading
import traceback
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast, get_args

import structlog

from contract.clauses import clause

Layer = Literal["world", "transaction", "publisher", "protocol"]
Lie: TypeAlias = Callable[[Any], Any]

_SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
_LAYERS = get_args(Layer)
_ARRANGING = ("reference_server.seed:build", "reference_server.control.stage:Stage._carry_out")
_HERE = Path(__file__).parent
_BROKEN = 70
"""The exit code of a server whose lie does not work (EX_SOFTWARE)."""
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


class _Arranging(threading.local):
    """Whether this thread arranges something: then it is truthful."""

    depth = 0


_arranging = _Arranging()


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
    """Make this process lie, for good. Raises: `UnknownMutant`; AttributeError when a place is gone.

    Requests meet the lie. The demo hotel and the arranged states are made by operations too, and are made honestly: a
    mutant breaks what is judged, not what the judging stands on.
    """
    found = get_mutant(name)
    for place in found.places:
        _replace(place, lambda original: _unless_arranging(original, found.lie(original)))
    for place in _ARRANGING:
        _replace(place, _honestly)
    _log.warning("mutant_installed", mutant=name, clause=found.clause)
    return found


def _replace(place: str, change: Lie) -> None:
    module, _, path = place.partition(":")
    owner: Any = importlib.import_module(module)
    *outer, last = path.split(".")
    for step in outer:
        owner = getattr(owner, step)
    setattr(owner, last, change(getattr(owner, last)))


def _unless_arranging(original: Any, lie: Any) -> Any:
    """The lie, and the original while something is arranged. What is no function cannot tell, and always lies."""
    written = inspect.unwrap(original) if callable(original) else original  # a cached function is one too
    if not (inspect.isfunction(written) or inspect.isclass(written)) or not callable(lie):
        return lie

    def chosen(*arguments: Any, **named: Any) -> Any:
        if _arranging.depth:
            return original(*arguments, **named)
        with _ends_when_broken():
            told = lie(*arguments, **named)
        return _told_later(told) if inspect.iscoroutine(told) else told

    return chosen


async def _told_later(told: Coroutine[Any, Any, Any]) -> Any:
    with _ends_when_broken():
        return await told


@contextmanager
def _ends_when_broken() -> Iterator[None]:
    """A lie that no longer fits the code it stands in breaks everything it touches, and would look as if it had been found
    out: the server ends instead."""
    try:
        yield
    except (AttributeError, NameError, ImportError, TypeError) as error:
        frames = traceback.extract_tb(error.__traceback__)
        if Path(frames[-1].filename).parent != _HERE:
            raise
        _log.critical(
            "mutant_broken", at=f"{Path(frames[-1].filename).name}:{frames[-1].lineno}", error=repr(error)
        )
        os._exit(_BROKEN)


def _honestly(original: Any) -> Any:
    def told(*arguments: Any, **named: Any) -> Any:
        _arranging.depth += 1
        try:
            return original(*arguments, **named)
        finally:
            _arranging.depth -= 1

    return told
