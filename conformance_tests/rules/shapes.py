"""Are events and answers what the schemas say? Each violation names the first places where they are not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from conformance_tests.entries import Event, Operation
from conformance_tests.episode import Facts
from conformance_tests.rule import OK, Finding, Violation, call_rule, event_rule
from conformance_tests.rules.facts import succeeded
from conformance_tests.rules.values import leaves, named, show
from contract.schema_files import document
from contract.schema_store import schema_store

_TOLD = 4
_SECRET = "s" * 43
_FINGERPRINT = re.compile(r"fp:[0-9a-f]{12}")
_INDEX = re.compile(r"/\d+(?=/|$)")
_HINT = "Compare with the schema of this name; a dialect may translate names, not supply what is missing."


def problems(schema: str, value: Any) -> tuple[str, ...]:
    """What is wrong with a value, in words, at most `_TOLD` of it."""
    return tuple(told for _, told in _found(schema, value)[:_TOLD])


def kinds_of_problem(schema: str, value: Any) -> dict[str, str]:
    """What is wrong with a value, in words, once for each field and keyword: the same field of many items is one kind."""
    found: dict[str, str] = {}
    for kind, told in _found(schema, value):
        found.setdefault(kind, told)
    return found


def _found(schema: str, value: Any) -> list[tuple[str, str]]:
    store = schema_store()
    if store.valid(schema, value) or store.valid(schema, _unmasked(value)):
        return []
    return [
        (
            f"{_INDEX.sub('/#', problem.pointer)} {problem.keyword}",
            f"{problem.pointer or '/'}: {problem.message}",
        )
        for problem in store.problems(schema, value)
        if not _is_fingerprint(value, problem.pointer)
    ]


def _unmasked(value: Any) -> Any:
    """The value with a text in the place of every fingerprint that may well have been the secret."""
    if isinstance(value, str):
        return _SECRET if _FINGERPRINT.fullmatch(value) else value
    if isinstance(value, dict):
        return {key: _unmasked(inner) for key, inner in value.items()}
    return [_unmasked(inner) for inner in value] if isinstance(value, list) else value


def _is_fingerprint(value: Any, pointer: str) -> bool:
    """A secret stands there as its fingerprint: what it looked like is not known."""
    found = dict(_pointed(value)).get(pointer)
    return isinstance(found, str) and _FINGERPRINT.fullmatch(found) is not None


def _pointed(value: Any) -> Iterator[tuple[str, Any]]:
    for pointer, _, inner in leaves(value):
        if isinstance(inner, str):
            yield pointer, inner


_EVENT_SCHEMAS = {
    ("rooms", "room_updated"): "events/room_updated.schema.json",
    ("rooms", "room_occupancy_updated"): "events/room_occupancy_updated.schema.json",
    ("staff", "booking_checked_in"): "events/staff_booking_checked_in.schema.json",
    ("staff", "booking_checked_out"): "events/staff_booking_checked_out.schema.json",
    ("staff", "booking_updated"): "events/staff_booking_updated.schema.json",
    ("guest", "booking_checked_in"): "events/guest_booking_checked_in.schema.json",
    ("guest", "booking_checked_out"): "events/guest_booking_checked_out.schema.json",
    ("guest", "booking_room_assigned"): "events/guest_booking_room_assigned.schema.json",
}


def _register_event(rule_id: str, title: str, clause: str, kind: str, names: tuple[str, ...]) -> None:
    @event_rule(rule_id, title, clause, hint=_HINT, kinds=(kind,))
    def judge(event: Event, _: Facts) -> Iterator[Finding]:
        schema = _EVENT_SCHEMAS.get((event.kind, event.name)) if event.name in names else None
        if schema is None:
            return
        wrong = kinds_of_problem(schema, event.data)
        if not wrong:
            yield OK
        message = f"{event.name} on the {event.kind} channel does not fit its schema"
        for about, told in wrong.items():
            yield Violation(clause, message, (schema,), told, (event.seq,), about)


_NAMES = {
    kind: tuple(name for of, name in _EVENT_SCHEMAS if of == kind) for kind in ("rooms", "staff", "guest")
}

for _rule_id, _title, _clause, _kind, _events in (
    ("events/schema/room-updated", "room_updated fits its schema", "events/schema/room-updated", "rooms",
     ("room_updated",)),
    ("events/schema/room-occupancy-updated", "room_occupancy_updated fits its schema",
     "events/schema/room-occupancy-updated", "rooms", ("room_occupancy_updated",)),
    ("events/schema/staff-booking", "Staff booking events fit their schemas", "events/schema/staff-booking", "staff",
     _NAMES["staff"]),
    ("events/schema/guest-booking", "Guest booking events fit their schemas", "events/schema/guest-booking", "guest",
     _NAMES["guest"]),
):  # fmt: skip
    _register_event(_rule_id, _title, _clause, _kind, _events)


def _reply_schemas() -> dict[str, tuple[str, str]]:
    """operationId -> (schema of its 200, the clause that promises it)."""
    found: dict[str, tuple[str, str]] = {}
    for item in document("openapi.yaml")["paths"].values():
        for operation in item.values():
            if not isinstance(operation, dict) or "operationId" not in operation:
                continue
            content = operation["responses"].get("200", {}).get("content", {}).get("application/json")
            promised = [name for name in operation.get("x-clauses", ()) if name.startswith("endpoints/")]
            promised.sort(key=lambda name: (not name.endswith("/reply"), name.endswith("/path"), name))
            if content and promised:
                found[operation["operationId"]] = (content["schema"]["$ref"], promised[0])
    return found


def _slug(name: str) -> str:
    return "".join(f"-{char.lower()}" if char.isupper() else char for char in name)


def _register_reply(operation_id: str, schema: str, clause: str) -> None:
    @call_rule(
        f"replies/{_slug(operation_id)}", f"A successful {operation_id} answers 200 with the shape promised", clause,
        hint=_HINT, operations=(operation_id,),
    )  # fmt: skip
    def judge(operation: Operation, _: Facts) -> Iterator[Finding]:
        if not succeeded(operation) or operation.reply is None:
            return
        wrong = kinds_of_problem(schema, operation.reply.body)
        if operation.status != 200:
            wrong = {"status": f"status {operation.status}", **wrong}
        if not wrong:
            yield OK
        message = f"the answer to {operation_id} does not fit its schema"
        for about, told in wrong.items():
            yield Violation(clause, message, (f"200 with {schema}",), told, operation.witness, about)


for _operation_id, (_schema, _clause) in _reply_schemas().items():
    _register_reply(_operation_id, _schema, _clause)


def _answer(operation: Operation) -> Any:
    """The object a call that succeeded was answered; None when there is none."""
    return operation.answered or None if succeeded(operation) else None


@call_rule(
    "replies/money", "Money is a decimal string beside its currency", "endpoints/format/money",
    hint="Serialize decimals as strings with two digits; floats lose cents.",
)  # fmt: skip
def money(operation: Operation, _: Facts) -> Iterator[Finding]:
    for pointer, _key, value in named(_answer(operation), _AMOUNTS):
        if isinstance(value, str) and not problems("common.schema.json#/$defs/money", value):
            yield OK
            continue
        message = f"{operation.operation} answers an amount that is no decimal string"
        yield Violation(
            "endpoints/format/money",
            message,
            ('"123.45"',),
            f"{pointer} {show(value)}",
            operation.witness,
            _INDEX.sub("/#", pointer),
        )


_AMOUNTS = frozenset(("total_amount",))
_TIMES = frozenset(
    ("checked_in_at", "checked_out_at", "created_at", "updated_at", "paid_at", "survey_sent_at", "last_cleaned_at",
     "last_inspected_at", "precheckin_submitted_at")
)  # fmt: skip
_DATES = frozenset(("check_in", "check_out", "check_in_date", "check_out_date"))


@call_rule(
    "replies/times", "Times have an offset, dates are YYYY-MM-DD", "endpoints/format/times",
    hint="A time without an offset means another moment to every reader.",
)  # fmt: skip
def times(operation: Operation, _: Facts) -> Iterator[Finding]:
    for pointer, key, value in named(_answer(operation), _TIMES | _DATES):
        kind = "timestamp" if key in _TIMES else "date"
        if value is None or isinstance(value, dict | list):
            continue
        if not problems(f"common.schema.json#/$defs/{kind}", value):
            yield OK
            continue
        message = f"{operation.operation} answers a {kind} in another format: {key}"
        expected = "2026-11-22T15:04:05+00:00" if kind == "timestamp" else "2026-11-22"
        yield Violation(
            "endpoints/format/times", message, (expected,), f"{pointer} {show(value)}", operation.witness,
            _INDEX.sub("/#", pointer),
        )  # fmt: skip
