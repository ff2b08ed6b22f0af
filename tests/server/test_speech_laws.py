"""Laws of the translation at the edge: what goes out is read back the same, for events and answers of every kind and dialect."""

from __future__ import annotations

import asyncio
import json
from random import Random
from typing import Any

from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from contract.dialect import Dialect
from contract.errors import error_body, error_codes
from contract.events import EventKind, event_kinds
from contract.operations import operation
from reference_server.binding import json_response
from reference_server.realtime.publishers import Message
from reference_server.speech.publisher import translated
from reference_server.speech.replies import translate_reply
from reference_server.speech.words import Words
from reference_server.store.transaction import compact_json
from tests.contract.instances import RANDOMS, make
from tests.contract.test_dialect import DIALECTS, HOTELS, QUICK, SUCCESSES, some_event


class _Store:
    """A store with the hotels of the dialects, which know them already."""

    async def read(self, _: Any) -> dict[str, int]:
        return HOTELS


@QUICK
@given(DIALECTS, st.sampled_from(list(event_kinds().values())), RANDOMS)
def test_an_event_that_was_spoken_is_read_back(dialect: Dialect, kind: EventKind, random: Random) -> None:
    channel, name, data = some_event(kind, random)
    message = Message(data["meta"]["event_id"], channel, name, compact_json(data))
    words = Words(dialect, _Store())  # type: ignore[arg-type]
    said = asyncio.run(translated(message, words))
    assert said.event_id == message.event_id
    read = dialect.to_canonical_event(said.channel, said.event, json.loads(said.data))
    assert read == (channel, name, data)


@QUICK
@given(DIALECTS, st.sampled_from(SUCCESSES), RANDOMS)
def test_an_answer_that_was_spoken_is_read_back(
    dialect: Dialect, success: tuple[str, int, str], random: Random
) -> None:
    operation_id, status, ref = success
    body = make(ref, random)
    response = json_response(status, body)
    translate_reply(response, dialect, operation(operation_id))
    assert dialect.to_canonical_reply(operation_id, status, _read(response)) == body


@QUICK
@given(DIALECTS, st.sampled_from(sorted(error_codes())))
def test_a_refusal_that_was_spoken_is_read_back(dialect: Dialect, code: str) -> None:
    body = error_body(code, "Because.", {"room_status": "OCCUPIED"})
    response = json_response(409, body)
    translate_reply(response, dialect, operation("checkIn"))
    assert dialect.to_canonical_reply("checkIn", 409, _read(response)) == body


@QUICK
@given(DIALECTS, st.sampled_from(["<html>", '{"error": {"code": NaN}}', "[1,", '"text"', ""]))
def test_what_is_no_answer_of_the_contract_is_not_made_one(dialect: Dialect, text: str) -> None:
    page = web.Response(status=502, text=text, content_type="text/html")
    translate_reply(page, dialect, operation("checkIn"))
    assert page.text == text
    broken = web.Response(status=400, text=text, content_type="application/json")
    translate_reply(broken, dialect, operation("checkIn"))
    assert broken.text == text


def _read(response: web.Response) -> Any:
    assert isinstance(response.body, bytes)
    return json.loads(response.body)
