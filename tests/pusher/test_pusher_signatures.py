"""Signatures: the published vectors, agreement with the official Python library, and nothing but declared errors."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pusher import Pusher
from pusher.http import GET, POST, Request
from pusher.pusher_client import PusherClient

from contract.pusher.errors import RestBadRequestError, RestError, RestNotAuthenticatedError
from contract.pusher.signatures import (
    channel_auth,
    sign_request,
    string_to_sign,
    user_auth,
    verify_channel_auth,
    verify_request,
    verify_user_auth,
)

KEY = "278d425bdf160c739803"
SECRET = "7ad3773142a6692b25b8"
PRESENCE_DATA = '{"user_id":10,"user_info":{"name":"Mr. Channels"}}'
DOCUMENTED_BODY = b'{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}'
DOCUMENTED_QUERY = {
    "auth_key": KEY,
    "auth_timestamp": "1353088179",
    "auth_version": "1.0",
    "body_md5": "ec365a775a4cd0599faeb73354201b6f",
    "auth_signature": "da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c",
}
NOW = 1353088179.0


def verify(
    query: dict[str, str] | list[tuple[str, str]],
    body: bytes = DOCUMENTED_BODY,
    *,
    method: str = "POST",
    path: str = "/apps/3/events",
    now: float = NOW,
) -> dict[str, str]:
    pairs = list(query.items()) if isinstance(query, dict) else query
    return verify_request(method, path, pairs, body, key=KEY, secret=SECRET, now=now)


def test_private_channel_vector() -> None:
    auth = channel_auth(KEY, SECRET, "1234.1234", "private-foobar")
    assert auth == f"{KEY}:58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4"
    assert verify_channel_auth(auth, KEY, SECRET, "1234.1234", "private-foobar")


def test_presence_channel_vector_signs_the_exact_string() -> None:
    auth = channel_auth(KEY, SECRET, "1234.1234", "presence-foobar", PRESENCE_DATA)
    assert auth == f"{KEY}:31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80"
    assert not verify_channel_auth(
        auth, KEY, SECRET, "1234.1234", "presence-foobar", PRESENCE_DATA.replace(":10", ": 10")
    )


def test_user_sign_in_vector() -> None:
    auth = user_auth(KEY, SECRET, "1234.1234", '{"id":"12345"}')
    assert auth == f"{KEY}:4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba"
    assert verify_user_auth(auth, KEY, SECRET, "1234.1234", '{"id":"12345"}')
    assert not verify_user_auth(auth, KEY, SECRET, "1234.1235", '{"id":"12345"}')


def test_documented_rest_request_signs_and_verifies() -> None:
    signed = sign_request("POST", "/apps/3/events", {}, DOCUMENTED_BODY, key=KEY, secret=SECRET, now=NOW)
    assert signed == DOCUMENTED_QUERY
    assert verify(DOCUMENTED_QUERY) == {}


def test_keys_are_lowered_and_sorted_and_values_not_escaped() -> None:
    text = string_to_sign(
        "get", "/apps/3/channels", {"Info": "a,b c", "filter_by_prefix": "presence-@", "B": "é"}
    )
    assert text == "GET\n/apps/3/channels\nb=é&filter_by_prefix=presence-@&info=a,b c"


@pytest.mark.parametrize("offset", [-600, 0, 600])
def test_a_timestamp_within_the_window_is_accepted(offset: int) -> None:
    verify(DOCUMENTED_QUERY, now=NOW + offset)


@pytest.mark.parametrize("offset", [-601, 601, 10**9])
def test_a_timestamp_outside_the_window_is_refused(offset: int) -> None:
    with pytest.raises(RestNotAuthenticatedError, match="not within 600 s"):
        verify(DOCUMENTED_QUERY, now=NOW + offset)


@pytest.mark.parametrize("name", sorted(DOCUMENTED_QUERY))
def test_every_parameter_is_needed(name: str) -> None:
    query = {key: value for key, value in DOCUMENTED_QUERY.items() if key != name}
    with pytest.raises(RestNotAuthenticatedError, match=name):
        verify(query)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("auth_key", "another"),
        ("auth_version", "2.0"),
        ("auth_timestamp", "1353088180"),
        ("auth_timestamp", "13530881x9"),
        ("auth_timestamp", "١٣٥٣٠٨٨١٧٩"),
        ("body_md5", hashlib.md5(b"other").hexdigest()),
        ("auth_signature", "00" * 32),
        ("auth_signature", "é"),
    ],
)
def test_every_parameter_is_checked(name: str, value: str) -> None:
    with pytest.raises(RestNotAuthenticatedError) as caught:
        verify(DOCUMENTED_QUERY | {name: value})
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "changed",
    [{"method": "GET"}, {"path": "/apps/4/events"}, {"body": DOCUMENTED_BODY + b" "}, {"body": b""}],
)
def test_method_path_and_body_are_signed(changed: dict[str, object]) -> None:
    with pytest.raises(RestNotAuthenticatedError):
        verify(DOCUMENTED_QUERY, **changed)  # type: ignore[arg-type]


def test_a_repeated_parameter_is_refused_whatever_its_case() -> None:
    with pytest.raises(RestBadRequestError, match="more than once"):
        verify([*DOCUMENTED_QUERY.items(), ("AUTH_KEY", KEY)])


def test_own_parameters_come_back_lowered() -> None:
    signed = sign_request("GET", "/apps/3/channels", {"Info": "x"}, b"", key=KEY, secret=SECRET, now=NOW)
    assert "body_md5" not in signed
    assert verify(signed, b"", method="GET", path="/apps/3/channels") == {"info": "x"}


@pytest.mark.parametrize("method", [GET, POST])
def test_requests_of_the_python_library_verify(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It signs the md5 of nothing with a GET."""
    monkeypatch.setattr("time.time", lambda: NOW)
    request = Request(PusherClient("3", KEY, SECRET), method, "/apps/3/x", {"name": "a"})
    assert "body_md5" in request.query_params
    own = verify(request.query_params, request.body, method=method, path=request.path)
    assert own == ({"name": "a"} if method == GET else {})


def test_channel_auth_equals_the_python_library() -> None:
    theirs = Pusher("3", KEY, SECRET).authenticate("private-a", "1.2")
    assert theirs == {"auth": channel_auth(KEY, SECRET, "1.2", "private-a")}


any_text = st.text(st.characters())  # lone surrogates included


@given(st.lists(st.tuples(st.sampled_from([*DOCUMENTED_QUERY, "info"]) | any_text, any_text)), st.binary())
def test_any_request_raises_nothing_but_rest_errors(query: list[tuple[str, str]], body: bytes) -> None:
    with pytest.raises(RestError):
        verify(query, body)


@given(st.dictionaries(st.sampled_from(sorted(DOCUMENTED_QUERY)), any_text, min_size=1))
def test_a_tampered_request_never_verifies(changes: dict[str, str]) -> None:
    query = DOCUMENTED_QUERY | changes
    if query != DOCUMENTED_QUERY:
        with pytest.raises(RestNotAuthenticatedError):
            verify(query)


@given(any_text, any_text, any_text, st.none() | any_text)
def test_any_forged_auth_is_refused_without_an_error(
    auth: str, socket_id: str, channel: str, data: str | None
) -> None:
    assert not verify_channel_auth(auth, KEY, SECRET, socket_id, channel, data)


@given(
    st.dictionaries(st.from_regex(r"[A-Za-z]{1,8}", fullmatch=True), st.text(), max_size=4).filter(
        lambda params: len({key.lower() for key in params}) == len(params)
    ),
    st.binary(),
)
def test_what_we_sign_we_verify(params: dict[str, str], body: bytes) -> None:
    signed = sign_request("POST", "/p", params, body, key=KEY, secret=SECRET, now=NOW)
    own = verify(signed, body, path="/p")
    assert own == {key.lower(): value for key, value in params.items()}
