"""`init --from-openapi`: another method and a wrapper are drafted where the document shows them, and only there."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from conformance_tests.wire import Wire
from contract.schema_store import schema_store
from staycheck.drafting.writing import draft_target
from staycheck.starting import TEMPLATE

BOOKING = "/hotels/{hotel_slug}/bookings/{booking_id}"
DETAIL = {
    "type": "object",
    "properties": {
        name: {} for name in schema_store().schema("resources/booking_detail.schema.json")["properties"]
    },
}


def drafted(tmp_path: Path, paths: dict[str, Any]) -> tuple[dict[str, Any], str]:
    path = tmp_path / "api.json"
    path.write_text(json.dumps({"openapi": "3.1.0", "info": {"title": "x"}, "paths": paths}))
    text = draft_target(str(path), TEMPLATE).text
    dialect: dict[str, Any] = tomllib.loads(text)["dialect"]
    Wire(dialect)
    return dialect, text


def answers(schema: dict[str, Any]) -> dict[str, Any]:
    return {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}


def inside(key: str, schema: dict[str, Any], **beside: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {**beside, key: schema}}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_another_method_of_a_change_is_drafted(tmp_path: Path, method: str) -> None:
    dialect, _ = drafted(tmp_path, {f"{BOOKING}/check-in": {method.lower(): {}}})
    assert dialect["methods"] == {"checkIn": method}
    assert dialect["paths"] == {"checkIn": f"{BOOKING}/check-in"}


def test_the_contracts_own_method_goes_first(tmp_path: Path) -> None:
    dialect, _ = drafted(tmp_path, {f"{BOOKING}/check-in": {"post": {}, "put": {}}})
    assert "methods" not in dialect


def test_two_other_methods_say_the_same(tmp_path: Path) -> None:
    dialect, text = drafted(tmp_path, {f"{BOOKING}/check-in": {"patch": {}, "put": {}}})
    assert "checkIn" not in dialect.get("methods", {})
    assert "checkIn (POST): 2 operations say the same" in text


@pytest.mark.parametrize(
    ("path", "method"),
    [(f"{BOOKING}/check-in", "delete"), (f"{BOOKING}/check-in", "get"), ("/hotels/{hotel_slug}/bookings", "post"),
     ("/pusher/auth", "put")],
)  # fmt: skip
def test_a_method_that_means_something_else_is_told_and_not_drafted(
    tmp_path: Path, path: str, method: str
) -> None:
    dialect, text = drafted(tmp_path, {path: {method: {}}})
    assert "methods" not in dialect
    assert "name its method under [dialect.methods]" in text
    assert f"#   nearest: {method.upper()} {path}" in text


def test_a_wrapper_around_every_reply_is_drafted_with_what_always_stands_beside_it(tmp_path: Path) -> None:
    renamed = {
        "properties": {("bookingId" if name == "booking_id" else name): {} for name in DETAIL["properties"]}
    }
    wrapped = inside("result", renamed, success={"const": True}, trace={"type": "string"}, code={"enum": [0]})
    dialect, text = drafted(
        tmp_path, {BOOKING: {"get": answers(wrapped)}, f"{BOOKING}/check-in": {"post": answers(wrapped)}}
    )
    assert dialect["wrapper"] == {"key": "result", "constants": {"success": True, "code": 0}}
    assert dialect["fields"]["BookingDetail"] == {"booking_id": "bookingId"}
    assert 'the replies of checkIn, getBooking stand inside "result"' in text
    reply = {"success": True, "code": 0, "result": {"bookingId": "B1"}}
    assert Wire(dialect).reply("getBooking", 200, reply) == {"booking_id": "B1"}


def test_a_wrapper_that_is_not_around_every_reply_is_a_comment(tmp_path: Path) -> None:
    paths = {
        BOOKING: {"get": answers(DETAIL)},
        f"{BOOKING}/check-in": {"post": answers(inside("data", DETAIL))},
    }
    dialect, text = drafted(tmp_path, paths)
    assert "wrapper" not in dialect
    assert 'the reply of checkIn stands inside "data"; if every reply does: key = "data"' in text
