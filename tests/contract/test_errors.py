"""The refusals: every code renders the one envelope, with the status the schema gives it."""

import pytest

from contract.errors import ContractError, UnknownCodeError, error_body, error_code, error_codes, status_of
from contract.schema_store import schema_store


def test_the_codes_are_those_of_contract_facts_with_their_status() -> None:
    statuses = {name: known.status for name, known in error_codes().items()}
    assert statuses["BOOKING_NOT_FOUND"] == 404
    assert statuses["HOTEL_MISMATCH"] == 403
    assert statuses["NOT_AUTHENTICATED"] == 401
    assert statuses["CHECKOUT_FAILED"] == 409
    assert statuses["ROOM_NOT_READY"] == 400
    assert all(400 <= status < 600 for status in statuses.values())


@pytest.mark.parametrize("code", sorted(error_codes()))
def test_every_code_renders_an_envelope_that_is_valid(code: str) -> None:
    body = error_body(code)
    assert schema_store().problems("resources/error.schema.json", body) == []
    assert body["error"]["message"] == error_code(code).description


def test_a_contract_error_carries_code_status_message_and_details() -> None:
    error = ContractError("ROOM_NOT_READY", "Room 101 is dirty.", {"room_status": "CHECKOUT_DIRTY"})
    assert (error.code, error.status, error.message) == ("ROOM_NOT_READY", 400, "Room 101 is dirty.")
    assert error.body() == {
        "error": {
            "code": "ROOM_NOT_READY",
            "message": "Room 101 is dirty.",
            "details": {"room_status": "CHECKOUT_DIRTY"},
        }
    }
    with pytest.raises(AttributeError):
        error.code = "OTHER"  # type: ignore[misc]


def test_details_are_absent_unless_given_and_an_empty_message_is_never_sent() -> None:
    assert error_body("NOT_FOUND", "") == {"error": {"code": "NOT_FOUND", "message": "no such path"}}


def test_an_unknown_code_is_refused_with_the_nearest_right_one() -> None:
    with pytest.raises(UnknownCodeError, match="did you mean ROOM_NOT_READY"):
        error_body("ROOM_NOT_REDY")
    with pytest.raises(UnknownCodeError):
        status_of("TEAPOT")
