"""Roles: the matrix of roles.yaml, in the shape a login reply has."""

import pytest

from contract.roles import UnknownRole, allows, modules, rbac, role, roles
from contract.schema_files import document
from contract.schema_store import schema_store


def test_roles_yaml_keeps_its_schema() -> None:
    assert schema_store().problems("files/roles.schema.json", document("roles.yaml")) == []


def test_every_action_of_a_role_is_an_action_of_a_module() -> None:
    known = {f"{module}.{action}" for module, actions in modules().items() for action in actions}
    assert all(one.actions <= known for one in roles().values())
    assert roles()["manager"].actions == known


@pytest.mark.parametrize("name", ["manager", "front_desk", "housekeeping"])
def test_rbac_names_every_action_and_keeps_the_schema_of_the_login_reply(name: str) -> None:
    ref = "replies/staff_login.schema.json#/properties/rbac"
    assert schema_store().problems(ref, rbac(name)) == []
    for module, entry in rbac(name).items():
        for action, allowed in entry["actions"].items():
            assert allowed == allows(name, f"{module}.{action}")


def test_who_may_what() -> None:
    assert allows("front_desk", "bookings.checkin")
    assert not allows("housekeeping", "bookings.checkin")
    assert allows("housekeeping", "housekeeping.status_transition")
    assert not allows("front_desk", "housekeeping.status_override")
    assert role("front_desk").navs == ("rooms", "room_bookings")


def test_an_unknown_role_is_named() -> None:
    with pytest.raises(UnknownRole, match="no role 'cook'"):
        rbac("cook")
