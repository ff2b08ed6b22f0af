"""Bindings of arranged states, and strings that stand for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from conformance_tests.arranging import Arranged

_NAME = re.compile(r"{(\w+)}")


class MissingBindingError(LookupError):
    """A step names a binding that no arranged state of its scenario has."""


def merged(arranged: Iterable[Arranged], home: Mapping[str, Any], manager: str) -> dict[str, Any]:
    """All bindings of a scenario: those of its states (with their prefix), `home_*` of the fence, `manager_username`."""
    found: dict[str, Any] = {f"home_{name}": value for name, value in home.items()}
    found["manager_username"] = manager
    for one in arranged:
        for name, value in one.bindings.items():
            found.setdefault(one.wanted.prefix + name, value)
    if "hotel_slug" not in found and "hotel_slug" in home:
        found["hotel_slug"], found["hotel_id"] = home["hotel_slug"], home["hotel_id"]
    return found


def filled(template: Any, bindings: Mapping[str, Any]) -> Any:
    """A template with its `{name}`s replaced: by the value itself where the name is all there is, else as text.

    Raises MissingBindingError.
    """
    if isinstance(template, Mapping):
        return {name: filled(value, bindings) for name, value in template.items()}
    if isinstance(template, list | tuple):
        return [filled(value, bindings) for value in template]
    if not isinstance(template, str):
        return template
    whole = _NAME.fullmatch(template)
    if whole is not None:
        return _binding(whole[1], bindings)
    return _NAME.sub(lambda found: str(_binding(found[1], bindings)), template)


def _binding(name: str, bindings: Mapping[str, Any]) -> Any:
    if name not in bindings:
        raise MissingBindingError(name)
    return bindings[name]
