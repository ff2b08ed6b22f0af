"""Channel names come from asyncapi.yaml and read back to what made them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.channels import (
    KEY_FIELDS,
    Channel,
    address_pattern,
    guest_channel,
    parse_channel,
    rooms_channel,
    staff_channel,
)
from contract.schema_files import document


def test_the_names_are_those_of_the_seed() -> None:
    assert rooms_channel("grand-demo") == "grand-demo.rooms"
    assert staff_channel(1) == "staff-hotel-1"
    assert guest_channel("BK-2026-0001") == "private-guest-booking.BK-2026-0001"


def test_the_key_of_each_kind_is_the_parameter_of_its_address() -> None:
    channels = document("asyncapi.yaml")["channels"]
    assert {kind: list(channel["parameters"]) for kind, channel in channels.items()} == {
        kind: [field] for kind, field in KEY_FIELDS.items()
    }


@given(
    st.one_of(
        st.builds(Channel, st.just("rooms"), st.from_regex(r"\A[a-z0-9][a-z0-9_-]{0,63}\Z")),
        st.builds(Channel, st.just("staff"), st.integers(1, 10**9).map(str)),
        st.builds(Channel, st.just("guest"), st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")),
    )
)
def test_a_name_reads_back_to_its_channel(channel: Channel) -> None:
    assert parse_channel(channel.name) == channel


@pytest.mark.parametrize(
    "name",
    ["", "rooms", ".rooms", "staff-hotel-", "staff-hotel-0", "staff-hotel-x", "private-guest-booking.", "Grand.rooms",
     "grand-demo.rooms\n", "x.grand-demo.rooms", "staff-hotel-1.rooms.", "presence-grand-demo.room"],
)  # fmt: skip
def test_what_is_no_channel_of_the_contract_is_none(name: str) -> None:
    assert parse_channel(name) is None


def test_a_template_with_another_parameter_or_one_twice_is_refused() -> None:
    for address in ("{room}.rooms", "{hotel_slug}.{hotel_slug}", "{}.rooms"):
        with pytest.raises(ValueError, match="may hold hotel_slug, hotel_id, booking_id"):
            address_pattern(address)
