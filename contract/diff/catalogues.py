"""The smaller files: roles, provider states, probes, the default arrival policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from contract.diff.documents import escaped
from contract.diff.fields import Judge, Section, came_and_went, changed, differing
from contract.diff.model import Findings, breaks, fits
from contract.diff.schema_changes import SchemaChanges
from contract.diff.steps import exact

File = Mapping[str, Any]

_MAY = fits("nobody who was allowed is refused")
_UNTOUCHED = fits("frontends are not asked for it")


def _modules(section: Section, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for module in differing(old, new):
        came, went = came_and_went(old.get(module, ()), new.get(module, ()))
        one = section.at(f"module {module}")
        for action in sorted(came):
            one.add("action/added", f"action {module}.{action} is new", fits("the actions it knows are there"), breaks("a backend has to say who may"))  # fmt: skip
        for action in sorted(went):
            one.add("action/removed", f"action {module}.{action} is gone", breaks("a button that asks for it stays off"), fits("nobody asks for it"))  # fmt: skip
        if not came and not went and not (module in old and module in new):
            one.both("module/listed", f"a module without actions is {'new' if module in new else 'gone'}", fits("nobody may or may not do anything by it"))  # fmt: skip


def _roles(section: Section, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for role in differing(old, new):
        one = section.at(f"role {role}")
        if role not in old:
            one.add("role/added", f"role {role} is new", _MAY, breaks("a backend has to know it"))
        elif role not in new:
            one.add("role/removed", f"role {role} is gone", breaks("who has it may do nothing"), breaks("a backend that grants it is wrong now"))  # fmt: skip
        else:
            _role(one, old[role], new[role])


def _role(section: Section, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    def granted(kind: str, was: Any, is_: Any, prefix: str = "") -> None:
        came, went = came_and_went(was or (), is_ or ())
        for name in sorted(came):
            section.add(f"role/{kind}-added", f"may use {prefix}{name}", _MAY, breaks("a backend has to allow it"))  # fmt: skip
        for name in sorted(went):
            section.add(f"role/{kind}-removed", f"may no longer use {prefix}{name}", breaks("staff in this role are refused"), breaks("a backend has to refuse it"))  # fmt: skip
        if not came and not went:
            section.both(f"role/{kind}", f"{prefix or kind}: none is written in another way", fits("it grants nothing in either"))  # fmt: skip

    def actions(was: Any, is_: Any) -> None:
        for module in differing(was or {}, is_ or {}):
            granted("action", (was or {}).get(module), (is_ or {}).get(module), f"{module}.")

    def said(key: str) -> Any:
        def judge(was: Any, is_: Any) -> None:
            section.add(f"role/{key}", f"{key} {changed(was, is_)}", breaks("a login says something else"), breaks("a login has to say something else"))  # fmt: skip

        return judge

    judges = {
        "actions": actions,
        "navs": lambda was, is_: granted("nav", was, is_, "the page "),
        "department": said("department"),
        "is_staff": said("is_staff"),
        "is_superuser": said("is_superuser"),
    }
    section.fields("role", old, new, judges, described=("description",))


def _states(section: Section, old: Mapping[str, Any], new: Mapping[str, Any], schemas: SchemaChanges) -> None:
    for name in differing(old, new):
        one = section.at(name)
        if name not in old:
            one.add("provider-state/added", f"state {name!r} is new", _UNTOUCHED, breaks("without it the rules that begin in it are inconclusive", certain=False))  # fmt: skip
        elif name not in new:
            one.add("provider-state/removed", f"state {name!r} is gone", _UNTOUCHED, fits("nobody asks for it"))  # fmt: skip
        else:
            judges = {part: _schema(schemas, name, part) for part in ("params", "bindings")}
            one.fields("provider-state", old[name], new[name], judges, described=("description",))


def _schema(schemas: SchemaChanges, state: str, part: str) -> Judge:
    place = f"/states/{escaped(state)}/{part}"
    return lambda was, is_: schemas.compare("provider_states.yaml", place, was or {}, is_ or {})


def _probes(section: Section, old: Mapping[str, Any], new: Mapping[str, Any], schemas: SchemaChanges) -> None:
    for name in differing(old, new):
        one = section.at(f"probe {name}")
        if name not in old:
            one.add("probe/added", f"probe {name} is new", _UNTOUCHED, breaks("without it the rules that look with it are inconclusive", certain=False))  # fmt: skip
        elif name not in new:
            one.add("probe/removed", f"probe {name} is gone", _UNTOUCHED, fits("nobody asks for it"))
        else:
            _probe(one, name, old[name], new[name], schemas)


def _probe(section: Section, name: str, old: Mapping[str, Any], new: Mapping[str, Any], schemas: SchemaChanges) -> None:  # fmt: skip
    def subject(was: Any, is_: Any) -> None:
        if sorted(map(exact, was or ())) == sorted(map(exact, is_ or ())):
            section.both("probe/words", "the subject is in another order", fits("it is named by its parts"))
            return
        section.add("probe/subject", f"subject {changed(was, is_)}", _UNTOUCHED, breaks("a backend is asked by other keys"))  # fmt: skip

    def operation(was: Any, is_: Any) -> None:
        section.add("probe/operation", f"operation {changed(was, is_)}", _UNTOUCHED, breaks("it is read in another place where the target says nothing else", certain=False))  # fmt: skip

    def state(was: Any, is_: Any) -> None:
        schemas.compare("probes.yaml", f"/probes/{escaped(name)}/state", was or {}, is_ or {})

    judges = {"subject": subject, "operation": operation, "state": state}
    section.fields("probe", old, new, judges, described=("description",))


def _arrival(section: Section, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for key in differing(old, new):
        what = f"{key} {changed(old.get(key), new.get(key))}"
        section.at("default_policy").add("arrival/policy", what, breaks("a check-in that was in time may be refused, or the other way round"), breaks("a backend has to open or close the window at another time"))  # fmt: skip


def _of_roles(old: File, new: File, findings: Findings, _schemas: SchemaChanges) -> None:
    section = Section(findings, "roles.yaml", "document")
    section.fields("roles", old, new, {
        "modules": lambda was, is_: _modules(section, was or {}, is_ or {}),
        "roles": lambda was, is_: _roles(section, was or {}, is_ or {}),
    })  # fmt: skip


def _of_states(old: File, new: File, findings: Findings, schemas: SchemaChanges) -> None:
    section = Section(findings, "provider_states.yaml", "document")
    judges: dict[str, Judge] = {"states": lambda was, is_: _states(section, was or {}, is_ or {}, schemas)}
    section.fields("states", old, new, judges)


def _of_probes(old: File, new: File, findings: Findings, schemas: SchemaChanges) -> None:
    section = Section(findings, "probes.yaml", "document")
    judges: dict[str, Judge] = {"probes": lambda was, is_: _probes(section, was or {}, is_ or {}, schemas)}
    section.fields("probes", old, new, judges)


def _of_arrival(old: File, new: File, findings: Findings, _schemas: SchemaChanges) -> None:
    section = Section(findings, "arrival.yaml", "document")
    judges: dict[str, Judge] = {"default_policy": lambda was, is_: _arrival(section, was or {}, is_ or {})}
    section.fields("arrival", old, new, judges)


FILES: Mapping[str, Callable[[File, File, Findings, SchemaChanges], None]] = {
    "roles.yaml": _of_roles,
    "provider_states.yaml": _of_states,
    "probes.yaml": _of_probes,
    "arrival.yaml": _of_arrival,
}
"""The comparer of each file; it adds the changes it finds."""
