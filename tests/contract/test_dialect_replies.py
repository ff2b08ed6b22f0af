"""Wrappers around replies and methods of operations in a dialect: taken off and read back only as declared."""

from typing import Any

import pytest

from contract.dialect import parse_dialect

SUCCESS = parse_dialect(
    {
        "name": "x",
        "wrapper": {
            "key": "result",
            "constants": {"success": True},
            "errors": {"constants": {"success": False}},
        },
        "errors": ["code_message"],
        "fields": {"Room": {"room_number": "number"}},
        "auth": {"login_token": "/result/session/key"},
    }
)


def test_a_wrapper_goes_around_every_reply_and_every_refusal() -> None:
    room = {"room_number": 5}
    assert SUCCESS.to_wire_reply("getRoom", 200, room) == {"success": True, "result": {"number": 5}}
    page = {"success": True, "result": {"results": [{"number": 5}]}}
    assert SUCCESS.to_canonical_reply("listRooms", 200, page) == {"results": [room]}
    refused = {"success": False, "code": "ROOM_NOT_READY", "message": "Dirty."}
    said = {"error": {"code": "ROOM_NOT_READY", "message": "Dirty."}}
    assert SUCCESS.to_canonical_reply("checkIn", 400, refused) == said
    assert SUCCESS.to_wire_reply("checkIn", 400, said) == refused
    login = {"success": True, "result": {"session": {"key": "t"}}}
    assert SUCCESS.to_canonical_reply("staffLogin", 200, login) == {"token": "t"}


@pytest.mark.parametrize(
    "body",
    [
        {"success": False, "result": {"number": 5}}, {"success": 1, "result": {"number": 5}}, {"result": {"number": 5}},
        {"success": True, "result": None}, {"success": True, "result": "done"}, {"success": True, "data": {"number": 5}},
        {"success": True, "result": [{"number": 5}], "next": None}, [], "<html>", None,
    ],
)  # fmt: skip
def test_a_wrapper_that_is_not_as_declared_is_left_for_the_rules_to_find(body: Any) -> None:
    assert SUCCESS.to_canonical_reply("getRoom", 200, body) == body


def test_what_stands_beside_a_wrapper_belongs_to_the_reply_and_hides_nothing_in_it() -> None:
    said = {"success": True, "message": "Done.", "number": 6, "internal_notes": "n", "result": {"number": 5}}
    assert SUCCESS.to_canonical_reply("getRoom", 200, said) == {
        "room_number": 5, "message": "Done.", "wire:number": 6, "internal_notes": "n",
    }  # fmt: skip


def test_what_pusher_s_clients_read_stands_in_no_wrapper() -> None:
    auth = {"auth": "key:sig"}
    assert SUCCESS.to_wire_reply("channelAuth", 200, auth) == auth
    wrapped = {"success": True, "result": auth}
    assert SUCCESS.to_canonical_reply("channelAuth", 200, wrapped) == wrapped


def test_two_operations_may_share_a_path_when_their_methods_differ() -> None:
    path = "/bookings/{booking_id}/room"
    document = {"name": "x", "paths": {"assignRoom": path, "unassignRoom": path}}
    dialect = parse_dialect({**document, "methods": {"assignRoom": "PUT", "unassignRoom": "DELETE"}})
    for method, name in (("PUT", "assignRoom"), ("delete", "unassignRoom")):
        found = dialect.to_canonical_path(method, "/bookings/B1/room")
        assert found is not None
        assert (found[0].id, found[1]) == (name, {"booking_id": "B1"})
    assert dialect.to_canonical_path("POST", "/bookings/B1/room") is None
