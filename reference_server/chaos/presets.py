"""The presets: plans with a title and a description, one YAML file each beside this module."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from contract.schema_files import read_yaml
from reference_server.chaos.plan import Plan, parse_plan


class UnknownPreset(LookupError):
    """No preset has this name; the message names the nearest."""

    def __init__(self, name: str) -> None:
        near = difflib.get_close_matches(name, presets(), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(presets())}"
        super().__init__(f"there is no preset {name}; {hint}")

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Preset:
    """A plan that is kept here; its seed is chosen by whoever uses it, and 1 otherwise."""

    name: str
    title: str
    description: str
    rules: tuple[Mapping[str, Any], ...]


@cache
def presets() -> Mapping[str, Preset]:
    """Every preset by its name, sorted."""
    folder = resources.files("reference_server.chaos") / "presets"
    found = {}
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".yaml"):
            name = file.name.removesuffix(".yaml")
            told = read_yaml(file.read_text(encoding="utf-8"))
            plan = parse_plan(told)
            found[name] = Preset(
                name, told["title"], " ".join(told["description"].split()), tuple(plan.document["rules"])
            )
    return MappingProxyType(found)


def preset_plan(name: str, seed: int | None = None) -> Plan:
    """The plan of a preset. Raises: `UnknownPreset`."""
    preset = presets().get(name)
    if preset is None:
        raise UnknownPreset(name)
    return parse_plan({"rules": list(preset.rules)}, seed=seed, preset=name)
