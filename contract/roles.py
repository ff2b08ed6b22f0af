"""Who may do what: the roles of `schemas/roles.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from contract.schema_files import document


class UnknownRole(LookupError):
    """The contract has no such role."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role of staff: its department, the navigation it sees, its actions as `module.action`."""

    name: str
    department: str
    is_staff: bool
    navs: tuple[str, ...]
    actions: frozenset[str]

    def allows(self, action: str) -> bool:
        """Whether the role has an action such as `bookings.checkin`."""
        return action in self.actions


@cache
def modules() -> Mapping[str, tuple[str, ...]]:
    """Every module and its actions."""
    return MappingProxyType(
        {name: tuple(actions) for name, actions in document("roles.yaml")["modules"].items()}
    )


@cache
def roles() -> Mapping[str, Role]:
    """Every role by its name."""
    return MappingProxyType(
        {
            name: Role(
                name,
                role["department"],
                role["is_staff"],
                tuple(role["navs"]),
                frozenset(f"{module}.{action}" for module, own in role["actions"].items() for action in own),
            )
            for name, role in document("roles.yaml")["roles"].items()
        }
    )


def role(name: str) -> Role:
    """The role of a name. UnknownRole when there is none."""
    found = roles().get(name)
    if found is None:
        raise UnknownRole(f"no role {name!r}; there are {', '.join(roles())}")
    return found


def allows(name: str, action: str) -> bool:
    """Whether the role called `name` has an action such as `bookings.checkin`."""
    return role(name).allows(action)


def rbac(name: str) -> dict[str, dict[str, dict[str, bool]]]:
    """What the login reply says of a role: `{module: {"actions": {action: bool}}}`, every action named."""
    own = role(name)
    return {
        module: {"actions": {action: own.allows(f"{module}.{action}") for action in actions}}
        for module, actions in modules().items()
    }
