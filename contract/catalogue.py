"""What a scenario may ask of a backend beside its operations: provider states to begin in, and probes to look with.

Both are data: `schemas/provider_states.yaml` and `schemas/probes.yaml`.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from contract.schema_files import document
from contract.schema_store import schema_store


class UnknownState(LookupError):
    """The catalogue has no such provider state."""


class UnknownProbe(LookupError):
    """The catalogue has no such probe."""


@dataclass(frozen=True, slots=True)
class ProviderState:
    """A state a backend can be asked for. `params` and `bindings` are refs of their schemas."""

    name: str
    description: str
    params: str
    bindings: str
    defaults: Mapping[str, Any]
    binds: frozenset[str]
    """The names that are always bound."""

    def fill(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters with the defaults filled in. SchemaViolation when they are not what the state takes."""
        schema_store().require(self.params, dict(params))
        return {**copy.deepcopy(dict(self.defaults)), **params}

    def check_bindings(self, bindings: Mapping[str, Any]) -> None:
        """SchemaViolation when a backend's bindings are not what the state promises."""
        schema_store().require(self.bindings, dict(bindings))


@dataclass(frozen=True, slots=True)
class Probe:
    """A read of the suite. `subject` names what must be known to ask, `state` is the ref of the answer's schema,
    `operation` the public operation that answers it, if one does."""

    name: str
    description: str
    subject: tuple[str, ...]
    state: str
    operation: str | None

    def subject_from(self, known: Mapping[str, Any]) -> dict[str, Any] | None:
        """The subject out of what is known, such as bindings; None when a part of it is not known."""
        if any(known.get(name) is None for name in self.subject):
            return None
        return {name: known[name] for name in self.subject}

    def check_state(self, state: Any) -> None:
        """SchemaViolation when an answer is not of the probe's shape."""
        schema_store().require(self.state, state)


@cache
def provider_states() -> Mapping[str, ProviderState]:
    """Every provider state by its name, in the order of the catalogue."""
    found = {}
    for name, entry in document("provider_states.yaml")["states"].items():
        place = f"provider_states.yaml#/states/{quote(name, safe='')}"
        properties = entry["params"].get("properties", {})
        found[name] = ProviderState(
            name,
            " ".join(entry["description"].split()),
            f"{place}/params",
            f"{place}/bindings",
            MappingProxyType({key: one["default"] for key, one in properties.items() if "default" in one}),
            frozenset(entry["bindings"].get("required", ())),
        )
    return MappingProxyType(found)


@cache
def probes() -> Mapping[str, Probe]:
    """Every probe by its name, in the order of the catalogue."""
    return MappingProxyType(
        {
            name: Probe(
                name,
                entry["description"],
                tuple(entry["subject"]),
                f"probes.yaml#/probes/{name}/state",
                entry.get("operation"),
            )
            for name, entry in document("probes.yaml")["probes"].items()
        }
    )


def provider_state(name: str) -> ProviderState:
    """The state of a name. UnknownState, with the nearest right one, when there is none."""
    found = provider_states().get(name)
    if found is None:
        raise UnknownState(f"no provider state {name!r}{_hint(name, provider_states())}")
    return found


def probe(name: str) -> Probe:
    """The probe of a name. UnknownProbe, with the nearest right one, when there is none."""
    found = probes().get(name)
    if found is None:
        raise UnknownProbe(f"no probe {name!r}{_hint(name, probes())}")
    return found


def _hint(name: str, among: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, among, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
