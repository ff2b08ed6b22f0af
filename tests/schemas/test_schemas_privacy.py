"""What a guest sees is closed: a field that is none of their business makes it invalid, wherever it is put."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tools.schema_files import SCHEMAS, example_paths, leaves, pointer, read_json, registry, validator

GUEST_SCHEMAS = (
    "resources/guest_booking.schema.json",
    "replies/guest_booking_status.schema.json",
    "replies/guest_context.schema.json",
    "events/guest_checked_in_payload.schema.json",
    "events/guest_booking_checked_in.schema.json",
    "events/guest_booking_checked_out.schema.json",
    "events/guest_booking_room_assigned.schema.json",
)
FORBIDDEN: dict[str, Any] = {
    "internal_notes": "Third stay with us.",
    "id_pin": "4821",
    "booker": {"first_name": "Aoife"},
    "companions": [{"first_name": "Ciarán"}],
    "email": "aoife@example.com",
    "last_name": "Byrne",
    "payment_reference": "pay_3PqX",
    "payment_provider": "stripe",
    "staff_name": "Nora Walsh",
    "cleaned_by_staff_name": "Maeve Kelly",
    "inspected_by_staff_name": "Nora Walsh",
    "changed_by_name": "Seán Murphy",
    "turnover_notes": "Extra towels.",
    "maintenance_notes": "The shower leaks.",
}
REGISTRY = registry(SCHEMAS)


def objects(
    instance: Any, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """Every object of an instance with the way to it."""
    if isinstance(instance, dict):
        yield path, instance
        for key, value in instance.items():
            yield from objects(value, (*path, key))
    elif isinstance(instance, list):
        for index, value in enumerate(instance):
            yield from objects(value, (*path, index))


@pytest.mark.parametrize("field", FORBIDDEN)
@pytest.mark.parametrize("path", GUEST_SCHEMAS)
def test_a_forbidden_field_is_refused_at_every_depth(path: str, field: str) -> None:
    check = validator(REGISTRY, path)
    for example in example_paths(SCHEMAS, path, "valid"):
        instance = read_json(example)
        for where, _ in objects(instance):
            leaking = copy.deepcopy(instance)
            inner = dict(objects(leaking))[where]
            inner[field] = FORBIDDEN[field]
            found = {(leaf.keyword, leaf.pointer) for leaf in leaves(check, leaking)}
            assert found == {("additionalProperties", pointer(where))}


def test_the_schemas_above_are_all_that_a_guest_sees() -> None:
    """The messages of the guest channel and the replies that a guest token opens."""
    guest_events = {f"events/{path.name}" for path in (SCHEMAS / "events").glob("guest_*")}
    guest_replies = {f"replies/{path.name}" for path in (SCHEMAS / "replies").glob("guest_*")}
    assert guest_events | guest_replies | {"resources/guest_booking.schema.json"} == set(GUEST_SCHEMAS)
