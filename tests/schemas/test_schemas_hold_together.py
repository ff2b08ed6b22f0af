"""The contract holds together, and the check that says so sees every kind of damage."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools import check_documents, check_schemas
from tools.schema_files import SCHEMAS, read_yaml

Check = Callable[[Path], Iterator[str]]


def test_the_contract_has_no_problem() -> None:
    assert check_schemas.problems() == []


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The schema directory, to be damaged."""
    return Path(shutil.copytree(SCHEMAS, tmp_path / "schemas", ignore=shutil.ignore_patterns("__pycache__")))


def edit_json(path: Path, change: Callable[[Any], None]) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def edit_yaml(path: Path, change: Callable[[Any], None]) -> None:
    document = read_yaml(path)
    change(document)
    path.write_text(yaml.dump(document, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper)))


def operation(document: Any, operation_id: str) -> Any:
    return next(
        item[method]
        for item in document["paths"].values()
        for method in ("get", "post")
        if method in item and item[method]["operationId"] == operation_id
    )


def in_json(path: str, change: Callable[[Any], None]) -> Callable[[Path], None]:
    return lambda root: edit_json(root / path, change)


def in_operation(operation_id: str, change: Callable[[Any], None]) -> Callable[[Path], None]:
    return lambda root: edit_yaml(root / "openapi.yaml", lambda d: change(operation(d, operation_id)))


def in_yaml(path: str, change: Callable[[Any], None]) -> Callable[[Path], None]:
    return lambda root: edit_yaml(root / path, change)


ROOM = "resources/room.schema.json"
EXAMPLE = "examples/resources/room"
DAMAGE: dict[str, tuple[Check, Callable[[Path], object], str]] = {
    "not a schema": (
        check_schemas.schemas_are_schemas,
        in_json(ROOM, lambda d: d.update(type="room")),
        "not a JSON Schema",
    ),
    "an id of another path": (
        check_schemas.schemas_are_schemas,
        in_json(ROOM, lambda d: d.update({"$id": "https://staycheck.dev/schemas/room.schema.json"})),
        "$id is",
    ),
    "no title": (
        check_schemas.schemas_are_schemas,
        in_json(ROOM, lambda d: d.pop("title")),
        "has no title",
    ),
    "a key that stands twice": (
        check_schemas.keys_are_unique,
        lambda root: (root / "roles.yaml").write_text((root / "roles.yaml").read_text() + "modules: {}\n"),
        "has modules a second time",
    ),
    "a reference to no definition": (
        check_schemas.references_resolve,
        in_json(
            ROOM, lambda d: d["properties"]["id"].update({"$ref": "../common.schema.json#/$defs/nothing"})
        ),
        "points at nothing",
    ),
    "a reference to no file in openapi.yaml": (
        check_schemas.references_resolve,
        in_operation(
            "getRoom", lambda o: o["responses"]["200"].update({"$ref": "replies/nothing.schema.json"})
        ),
        "openapi.yaml: $ref replies/nothing.schema.json points at nothing",
    ),
    "a reference to no message in asyncapi.yaml": (
        check_schemas.references_resolve,
        in_yaml("asyncapi.yaml", lambda d: d["components"]["messages"].pop("RoomUpdated")),
        "asyncapi.yaml: $ref #/components/messages/RoomUpdated points at nothing",
    ),
    "a reference to no shape in probes.yaml": (
        check_schemas.references_resolve,
        in_yaml(
            "probes.yaml", lambda d: d["probes"]["room"]["state"].update({"$ref": "resources/no.schema.json"})
        ),
        "probes.yaml: $ref resources/no.schema.json points at nothing",
    ),
    "not OpenAPI": (
        check_schemas.documents_are_valid,
        in_operation("getRoom", lambda o: o.pop("responses") and o.update(responses=[])),
        "openapi.yaml: ",
    ),
    "not AsyncAPI": (
        check_schemas.documents_are_valid,
        in_yaml("asyncapi.yaml", lambda d: d["operations"]["sendRoomUpdated"].update(action="publish")),
        "asyncapi.yaml: ",
    ),
    "not a lifecycle": (
        check_schemas.documents_are_valid,
        in_yaml("lifecycles/room_status.yaml", lambda d: d["states"]["OCCUPIED"].update(colour="red")),
        "lifecycles/room_status.yaml: /states/OCCUPIED",
    ),
    "not roles": (
        check_schemas.documents_are_valid,
        in_yaml("roles.yaml", lambda d: d["roles"]["manager"].pop("navs")),
        "roles.yaml: /roles/manager",
    ),
    "no invalid example": (
        check_schemas.examples_hold,
        lambda root: [path.rename(path.with_suffix(".txt")) for path in (root / EXAMPLE).glob("invalid-*")],
        "has no invalid example",
    ),
    "a valid example that is not": (
        check_schemas.examples_hold,
        in_json(f"{EXAMPLE}/valid-typical.json", lambda d: d.pop("room_number")),
        "should be valid",
    ),
    "a second flaw": (
        check_schemas.examples_hold,
        in_json(f"{EXAMPLE}/invalid-missing-room-number.json", lambda d: d.pop("id")),
        "should fail required at / only",
    ),
    "an example of no schema": (
        check_schemas.examples_hold,
        lambda root: (root / "examples/resources/valid-typical.json").write_text("{}"),
        "is an example of no schema",
    ),
    "an unknown extension": (
        check_documents.extensions_hold,
        in_operation("checkIn", lambda o: o.update({"x-emits": []})),
        "'x-emits' was unexpected",
    ),
    "an unknown clause": (
        check_documents.extensions_hold,
        in_operation("checkIn", lambda o: o["x-events"][0].update(clause="events/check-in/nothing")),
        "names the clause events/check-in/nothing",
    ),
    "an unknown permission": (
        check_documents.extensions_hold,
        in_operation("checkIn", lambda o: o.update({"x-permission": "bookings.teleport"})),
        "needs bookings.teleport",
    ),
    "a code under another status": (
        check_documents.refusals_hold,
        in_operation("checkIn", lambda o: o["responses"]["404"]["x-codes"].append("ROOM_NOT_READY")),
        "x-codes of 404",
    ),
    "a refusal without a response": (
        check_documents.refusals_hold,
        in_operation("checkIn", lambda o: o["responses"].pop("404")),
        "no response 404 for BOOKING_NOT_FOUND",
    ),
    "an event of another channel": (
        check_documents.events_hold,
        in_operation("checkIn", lambda o: o["x-events"][0].update(channel="rooms")),
        "is not a message of the channel rooms",
    ),
    "a message that nothing causes": (
        check_documents.events_hold,
        in_yaml(
            "asyncapi.yaml",
            lambda d: d["components"]["messages"].update(RoomPainted={"name": "room_painted"}),
        ),
        "no operation causes RoomPainted",
    ),
    "a reply of another operation": (
        check_documents.shapes_have_their_place,
        in_operation(
            "checkIn",
            lambda o: o["responses"]["200"]["content"]["application/json"].update(
                schema={"$ref": "replies/check_out.schema.json"}
            ),
        ),
        "is not replies/check_in.schema.json",
    ),
    "a right that no role has": (
        check_documents.copies_agree,
        in_yaml("roles.yaml", lambda d: d["modules"]["rooms"].append("paint")),
        "rbac does not have the modules and actions of roles.yaml",
    ),
    "a guest payload of its own": (
        check_documents.copies_agree,
        in_json(
            "resources/guest_booking.schema.json",
            lambda d: d["properties"].update(late_checkout={"type": "boolean"}),
        ),
        "is not GuestBooking and guest_token",
    ),
    "another version": (
        check_documents.copies_agree,
        in_yaml("asyncapi.yaml", lambda d: d["info"].update(version="9.9.9")),
        "versions differ",
    ),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_seen(copy: Path, what: str) -> None:
    check, damage, problem = DAMAGE[what]
    assert list(check(copy)) == []
    damage(copy)
    found = list(check(copy))
    assert any(problem in line for line in found), found


def test_the_command_prints_a_line_per_problem_and_exits_1(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit_json(copy / ROOM, lambda d: d.pop("title"))
    assert check_schemas.main([str(copy)]) == 1
    assert capsys.readouterr().out == f"{ROOM}: has no title\n"


def test_the_command_is_silent_and_exits_0_when_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_schemas.main([]) == 0
    assert capsys.readouterr().out == ""
