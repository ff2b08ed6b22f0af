"""Provider states and probes: what may be asked for, with which parameters, and what must come back."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.catalogue import (
    ProviderState,
    UnknownProbe,
    UnknownState,
    probe,
    probes,
    provider_state,
    provider_states,
)
from contract.operations import operations
from contract.schema_files import document
from contract.schema_store import SchemaViolation, schema_store
from tests.contract.instances import RANDOMS, make


@pytest.mark.parametrize("name", ["provider_states", "probes"])
def test_the_catalogues_keep_their_schemas(name: str) -> None:
    assert schema_store().problems(f"files/{name}.schema.json", document(f"{name}.yaml")) == []


def test_defaults_fill_what_is_not_asked_for() -> None:
    state = provider_state("in-house booking")
    assert state.fill({"walk_ins": 2}) == {
        "party_size": 2,
        "walk_ins": 2,
        "conversations": 0,
        "orders": 0,
        "survey_mail": "works",
        "active_tokens": 1,
    }


@settings(max_examples=60, deadline=None)
@given(state=st.sampled_from(list(provider_states().values())), random=RANDOMS)
def test_filled_parameters_still_keep_the_schema_and_bindings_are_checked(
    state: ProviderState, random: Random
) -> None:
    params = make(state.params, random)
    if schema_store().valid(
        state.params, params
    ):  # some may not be combined, and whoever makes instances does not know
        assert schema_store().problems(state.params, state.fill(params)) == []
    bindings = make(state.bindings, random)
    state.check_bindings(bindings)
    assert state.binds <= bindings.keys()
    if state.binds:
        missing = random.choice(sorted(state.binds))
        with pytest.raises(SchemaViolation, match=f"{missing} is missing"):
            state.check_bindings({key: value for key, value in bindings.items() if key != missing})


def test_wrong_parameters_are_refused_in_words() -> None:
    with pytest.raises(SchemaViolation, match="party_siz is not allowed here; did you mean party_size"):
        provider_state("booking ready for check-in").fill({"party_siz": 2})
    with pytest.raises(SchemaViolation, match='room_status is "OCCUPIED", not one of'):
        provider_state("room in status").fill({"room_status": "OCCUPIED"})


def test_a_probe_takes_its_subject_from_what_is_known() -> None:
    known = {"hotel_slug": "h", "booking_id": "B", "room_id": 5, "guest_token": "x" * 16}
    assert probe("guests").subject_from(known) == {"hotel_slug": "h", "booking_id": "B", "room_id": 5}
    assert probe("room").subject_from(known) is None
    assert probe("room").subject_from({"hotel_slug": "h", "room_number": 0}) is not None


def test_a_probe_checks_its_answer() -> None:
    probe("device").check_state({"guest_fcm_token_set": True})
    with pytest.raises(SchemaViolation, match="guest_fcm_token_set is missing"):
        probe("device").check_state({})


def test_a_probe_with_an_operation_names_a_read_of_the_contract() -> None:
    named = {one.operation for one in probes().values()} - {None}
    assert named == {"getBooking", "getRoom", "roomStatusHistory"}
    assert all(operations()[name].method == "GET" for name in named if name)


def test_unknown_names_get_the_nearest_right_one() -> None:
    with pytest.raises(UnknownState, match="did you mean 'in-house booking'"):
        provider_state("in house booking")
    with pytest.raises(UnknownProbe, match="did you mean 'tokens'"):
        probe("token")
