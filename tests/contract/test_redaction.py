"""Secrets never survive cleaning, wherever they stand, and equal ones stay equal."""

import copy
import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.redaction import Redactor, fingerprint, is_sensitive
from tests.contract.instances import RANDOMS, json_value, look, places

TOKENS = st.text("ABCDEFabcdef0123456789-_", min_size=16, max_size=40)
SECRETS = TOKENS | st.text(min_size=8, max_size=20).filter(lambda text: text.strip())


def test_a_fingerprint_is_the_beginning_of_the_sha_256() -> None:
    assert fingerprint("abc") == "fp:ba7816bf8f01"
    assert len(fingerprint("x")) == 15
    assert fingerprint(fingerprint("x")) == fingerprint("x")


@settings(deadline=None)
@given(secret=SECRETS, random=RANDOMS)
def test_a_planted_secret_never_survives_anywhere(secret: str, random: Random) -> None:
    value = plant(secret, json_value(random, 4), random)
    clean = Redactor([secret]).clean(value)
    assert all(secret not in text for text in texts(clean))
    assert fingerprint(secret) in json.dumps(clean)


@settings(deadline=None)
@given(secret=SECRETS, other=TOKENS, random=RANDOMS)
def test_cleaning_twice_is_cleaning_once(secret: str, other: str, random: Random) -> None:
    redactor = Redactor([secret])
    value = plant(secret, plant(f"token={other}", json_value(random, 4), random), random)
    once = redactor.clean({"it": value, "Authorization": f"Token {other}"})
    assert redactor.clean(once) == once
    assert Redactor().clean(once) == once


@settings(deadline=None)
@given(st.lists(st.tuples(st.lists(SECRETS, max_size=40), RANDOMS), max_size=8), st.booleans())
def test_what_was_cleaned_before_is_cleaned_again_when_its_secret_becomes_known(
    batches: list[tuple[list[str], Random]], short: bool
) -> None:
    """The same as a redactor that knew all from the start, whatever was cleaned in between."""
    redactor, known = Redactor(), ["w1", "a"] if short else []
    values: list[Any] = ["w1", "plain", {"a": "w1"}]
    for secrets, random in batches:
        values.extend(plant(secret, json_value(random, 2), random) for secret in secrets)
        redactor.clean(values)
        known.extend(secrets)
        for secret in known:
            redactor.add(secret)
        assert redactor.clean(values) == Redactor(known).clean(values)


@given(SECRETS, SECRETS)
def test_equal_secrets_stay_equal_and_different_ones_different(one: str, other: str) -> None:
    clean = Redactor().clean([{"guest_token": one}, {"guest_token": one}, {"guest_token": other}])
    assert clean[0] == clean[1]
    assert (clean[0] == clean[2]) == (one == other or one == fingerprint(other))


def test_what_stands_under_a_sensitive_key_is_secret_though_nobody_said_so() -> None:
    value = {
        "guest_token": "raw-guest-token",
        "Authorization": "GuestToken raw-guest-token",
        "guest_fcm_token": "device",
        "auth": ["a", {"b": 12}],
        "Set-Cookie": "sid=1; Path=/",
        "password": "",
    }
    mark = fingerprint("raw-guest-token")
    assert Redactor().clean(value) == {
        "guest_token": mark,
        "Authorization": f"GuestToken {mark}",
        "guest_fcm_token": fingerprint("device"),
        "auth": [fingerprint("a"), {"b": fingerprint("12")}],
        "Set-Cookie": fingerprint("sid=1; Path=/"),
        "password": "",
    }


def test_an_absent_token_stays_visible() -> None:
    reply = {"guest_token": None, "guest_fcm_token_set": False, "tokens": [{"id": 1}]}
    assert Redactor().clean(reply) == reply


@pytest.mark.parametrize(
    "text",
    [
        "/api/guest/context/?token=RAW-TOKEN-1",
        "https://h/x?a=1&guest_token=RAW-TOKEN-1&b=2#z",
        "curl -H 'Authorization: GuestToken RAW-TOKEN-1'",
        'headers {"authorization": "Token RAW-TOKEN-1"}',
        "password=RAW-TOKEN-1; next",
    ],
)
def test_a_text_that_names_a_secret_loses_it(text: str) -> None:
    assert Redactor().clean_text(text) == text.replace("RAW-TOKEN-1", fingerprint("RAW-TOKEN-1"))


def test_a_known_secret_is_found_encoded_too() -> None:
    redactor = Redactor(["s3cret/with space"])
    mark = fingerprint("s3cret/with space")
    assert redactor.clean_text("/x/s3cret%2Fwith%20space") == f"/x/{mark}"
    assert redactor.clean_text("/x?q=s3cret%2Fwith+space") == f"/x?q={mark}"
    assert redactor.clean_text("s3cret/with%20space") == mark
    assert redactor.clean({"a s3cret/with space": 1}) == {f"a {mark}": 1}


def test_a_secret_inside_another_spoils_neither() -> None:
    redactor = Redactor(["tokentoken", "tokentoken-long"])
    assert redactor.clean_text("x tokentoken-long y") == f"x {fingerprint('tokentoken-long')} y"


def test_a_short_secret_is_only_replaced_as_a_whole_text() -> None:
    redactor = Redactor(["staff"])
    assert redactor.clean(["staff", "staff-hotel-1"]) == [fingerprint("staff"), "staff-hotel-1"]


def test_plain_words_are_left_alone() -> None:
    value = {"message": "token revoked, see the author: 10:30 a.m.", "t": 1.5, "channel": "staff-hotel-1"}
    assert Redactor(["another-secret"]).clean(value) == value
    assert not any(map(is_sensitive, ["author", "authorized", "tokens", "secretary", "token_status"]))


def test_adding_answers_the_fingerprint_and_nothing_is_no_secret() -> None:
    redactor = Redactor([""])
    assert redactor.add("a-long-secret") == fingerprint("a-long-secret")
    assert redactor.clean("") == ""


def plant(secret: str, value: Any, random: Random) -> Any:
    """The value with the secret put somewhere: as a value, inside a text, as a key, in a URL."""
    value = {"root": copy.deepcopy(value)}
    spot = random.choice(places(value)[1:])
    parent = look(value, spot[:-1])
    parent[spot[-1]] = random.choice(
        [secret, f"x {secret} y", {secret: 1}, {"token": secret}, f"/a/?b=1&token={secret}", [[secret]]]
    )
    return value


def texts(value: Any) -> list[str]:
    """Every text in a value, keys included."""
    if isinstance(value, dict):
        return [*value, *(text for inner in value.values() for text in texts(inner))]
    if isinstance(value, list):
        return [text for inner in value for text in texts(inner)]
    return [value] if isinstance(value, str) else []
