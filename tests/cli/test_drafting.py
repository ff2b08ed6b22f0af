"""`init --from-openapi`: what a document describes is mapped only when it is sure, and everything else is told in comments."""

from __future__ import annotations

import asyncio
import copy
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance_tests.target import load_target
from conformance_tests.wire import Wire
from contract.operations import operations
from contract.schema_files import document
from staycheck.drafting import source
from staycheck.drafting.source import SourceError, read_document
from staycheck.drafting.writing import DIALECT_LINES, draft_target
from staycheck.starting import TEMPLATE

HERE = Path(__file__).parent / "openapi"
OURS = Path(__file__).parents[2] / "schemas" / "openapi.yaml"
PASSWORDS = {
    f"STAYCHECK_{who}_PASSWORD": "a-long-password"
    for who in ("MANAGER", "FRONT_DESK", "HOUSEKEEPING", "OUTSIDER")
}
PATHS_OF_DRF = {
    "staffLogin": "/api/v2/auth/token/",
    "checkIn": "/api/v2/hotels/{hotel_slug}/bookings/{booking_id}/check_in/",
    "checkOut": "/api/v2/hotels/{hotel_slug}/bookings/{booking_id}/check_out/",
    "listBookings": "/api/v2/hotels/{hotel_slug}/bookings/",
    "getBooking": "/api/v2/hotels/{hotel_slug}/bookings/{booking_id}/",
    "assignRoom": "/api/v2/hotels/{hotel_slug}/bookings/{booking_id}/assign_room/",
    "listRooms": "/api/v2/hotels/{hotel_slug}/rooms/",
    "getRoom": "/api/v2/hotels/{hotel_slug}/rooms/{room_number}/",
    "setRoomStatus": "/api/v2/hotels/{hotel_slug}/rooms/{room_number}/status/",
    "startCleaning": "/api/v2/hotels/{hotel_slug}/rooms/{room_number}/start_cleaning/",
}


def drafted(address: Path | str) -> tuple[dict[str, Any], str]:
    """The draft as a document and as text; it loads, with its dialect."""
    text = draft_target(str(address), TEMPLATE).text
    return loaded(text), text


def loaded(text: str) -> dict[str, Any]:
    found = tomllib.loads(text)
    Wire(found.get("dialect"))
    return found


def why(text: str, operation: str) -> str:
    """What the comments say of an operation that was not mapped."""
    found = re.search(
        rf"^# {operation} \(\w+\): (.*)\n((?:#   nearest: .*\n)*)# {operation} = ", text, re.MULTILINE
    )
    assert found, f"nothing is said of {operation}"
    return found[1] + "\n" + found[2]


def written(tmp_path: Path, content: Any, name: str = "api.json") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def test_the_contracts_own_document_needs_no_dialect(tmp_path: Path) -> None:
    found, text = drafted(OURS)
    assert "dialect" not in found
    assert "no dialect is needed" in text
    assert found["base_url"] == "http://127.0.0.1:8787"
    path = tmp_path / "backend.toml"
    path.write_text(text)
    assert load_target(path, PASSWORDS).dialect is None


def test_the_commented_target_file_has_the_lines_a_draft_replaces() -> None:
    assert DIALECT_LINES in TEMPLATE
    uncommented = TEMPLATE.replace('# dialect = "dialect.toml"', 'dialect = "dialect.toml"')
    assert tomllib.loads(uncommented)["dialect"] == "dialect.toml", "it stands above the first table"


def test_a_drf_document_gets_the_paths_that_are_sure() -> None:
    found, text = drafted(HERE / "drf.yaml")
    dialect = found["dialect"]
    assert dialect["paths"] == PATHS_OF_DRF
    assert dialect["methods"] == {"setRoomStatus": "PATCH"}
    assert dialect["auth"] == {"scheme": "Api-Token", "login_token": "/data/auth_token"}
    assert dialect["errors"] == ["code_message"]
    assert dialect["fields"]["BookingDetail"] == {"booking_id": "bookingId", "checked_in_at": "checkedInAt"}
    assert dialect["fields"]["StaffLoginRequest"] == {"username": "email"}
    assert "cookieAuth" in text


def test_what_is_not_sure_is_a_comment_with_its_reason() -> None:
    _, text = drafted(HERE / "drf.yaml")
    assert "id or its number" in why(text, "inspectRoom")
    assert why(text, "moveRoom").startswith("not found")


def test_another_host_is_named_and_not_aimed_at() -> None:
    found, text = drafted(HERE / "drf.yaml")
    assert found["base_url"] == "http://127.0.0.1:8000"
    assert "pms.harbour.example" in text


def test_a_fastapi_document() -> None:
    found, text = drafted(HERE / "fastapi.json")
    dialect = found["dialect"]
    assert dialect["name"] == 'Inn "Zum Hecht"'
    assert dialect["auth"] == {"scheme": "Bearer", "login_token": "/access_token"}
    assert dialect["errors"] == ["flat_error_detail"]
    assert dialect["paths"] == {
        "staffLogin": "/auth/login",
        "checkIn": "/hotels/{hotel_slug}/reservations/{booking_id}/checkin",
        "checkOut": "/hotels/{hotel_slug}/reservations/{booking_id}/departure",
        "listBookings": "/hotels/{hotel_slug}/reservations",
        "channelAuth": "/realtime/authorize",
    }
    assert "2 operations say the same" in why(text, "getBooking")
    assert "{hotel_id}" in why(text, "listRooms")
    assert "takes a form" in text
    assert 'stands inside "data"' in text


def test_a_swagger_document_with_a_base_path() -> None:
    found, text = drafted(HERE / "swagger.yaml")
    dialect = found["dialect"]
    assert found["base_url"] == "http://localhost:9200"
    assert dialect["base_path"] == "/v1"
    assert dialect["paths"] == {"managerOverride": "/api/staff/hotel/{hotel_slug}/rooms/{room_id}/override/"}
    assert dialect["auth"] == {"header": "X-Api-Key", "scheme": ""}
    assert dialect["errors"] == ["flat_error_detail"]
    assert "# checkIn: POST, the contract's own path" in text
    assert dialect["methods"] == {"checkOut": "PUT"}
    assert "# checkOut: PUT, the contract's own path" in text
    assert "{tenant}" in why(text, "completeMaintenance")


def api(paths: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"openapi": "3.0.0", "info": {"title": "x"}, "paths": paths, **more}


BOOKING = "/hotels/{hotel_slug}/bookings/{booking_id}"


@pytest.mark.parametrize(
    "path",
    [
        f"{BOOKING}/pre-check-in", f"{BOOKING}/undo-check-in", f"{BOOKING}/check-in/validate", f"{BOOKING}/check-in-email",
        "/guest/bookings/{booking_id}/check-in", "/rooms/{room_id}/check-in", "/kiosks/{kiosk}/bookings/{booking_id}/check-in",
        "/self/bookings/{booking_id}/check-in", f"{BOOKING}/guests/{{guest_id}}/check-in",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_check_in_is_none(tmp_path: Path, path: str) -> None:
    found, text = drafted(written(tmp_path, api({path: {"post": {}}})))
    assert "checkIn" not in found.get("dialect", {}).get("paths", {})
    assert why(text, "checkIn")


def test_a_path_and_an_operation_id_that_disagree_are_not_believed(tmp_path: Path) -> None:
    paths = {
        f"{BOOKING}/check-in": {"post": {"operationId": "checkOut"}},
        f"{BOOKING}/check-out": {"post": {"operationId": "check_in"}},
    }
    found, text = drafted(written(tmp_path, api(paths)))
    assert found["dialect"].get("paths", {}) == {}
    assert "different operations" in why(text, "checkIn")
    assert "different operations" in why(text, "checkOut")


def test_a_login_needs_a_password(tmp_path: Path) -> None:
    found, text = drafted(written(tmp_path, api({"/auth/token": {"post": {}}, "/users": {"post": {}}})))
    assert "paths" not in found["dialect"] or not found["dialect"]["paths"]
    assert "no password" in why(text, "staffLogin")


def test_text_of_the_document_stays_in_its_comment(tmp_path: Path) -> None:
    evil = 'x"\n[staff.manager]\npassword_env = "PATH"\r\u2028\x7f\x00'
    paths = {
        f"{BOOKING}/arrival": {"put": {"summary": evil, "operationId": evil}},
        f"{BOOKING}/{{{'a' * 400}}}": {"post": {"summary": evil}},
    }
    found, _ = drafted(written(tmp_path, {**api(paths), "info": {"title": evil}, "servers": [{"url": evil}]}))
    assert found["staff"]["manager"]["password_env"] == "STAYCHECK_MANAGER_PASSWORD"


def test_references_lead_no_further_than_the_directory(tmp_path: Path) -> None:
    secret = written(tmp_path, {"post": {"operationId": "checkIn"}}, "outside.json")
    inside = tmp_path / "api"
    inside.mkdir()
    written(inside, {"post": {}}, "item.json")
    paths = {
        f"{BOOKING}/check-in": {"$ref": "item.json"},
        f"{BOOKING}/check-out": {"$ref": "../outside.json"},
        f"{BOOKING}/move": {"$ref": secret.as_uri()},
        f"{BOOKING}/assign": {"$ref": "#/nowhere"},
    }
    found, text = drafted(written(inside, api(paths)))
    assert set(found["dialect"]["paths"]) == {"checkIn"}
    assert "3 references" in text


def test_a_document_that_refers_to_itself_comes_to_an_end(tmp_path: Path) -> None:
    loop = {
        "allOf": [{"$ref": "#/components/schemas/Loop"}] * 50,
        "properties": {"room": {"$ref": "#/components/schemas/Loop"}},
    }
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Loop"}}}}
    circle = {"a": {"$ref": "#/components/schemas/b"}, "b": {"$ref": "#/components/schemas/a"}, "Loop": loop}
    paths = {
        f"{BOOKING}/check-in": {
            "post": {"responses": {"200": body, "400": {"$ref": "#/components/schemas/a"}}}
        }
    }
    found, _ = drafted(written(tmp_path, api(paths, components={"schemas": circle})))
    assert set(found["dialect"]["paths"]) == {"checkIn"}


JUNK: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        "parameters",
        "requestBody",
        "responses",
        "security",
        "operationId",
        "summary",
        "tags",
        "content",
        "$ref",
        "allOf",
    ]
)


@settings(deadline=None, max_examples=30)
@given(
    st.dictionaries(KEYS, JUNK, max_size=6),
    st.dictionaries(
        st.sampled_from(["components", "servers", "security", "info", "definitions"]), JUNK, max_size=5
    ),
    st.sampled_from(["3.1.0", "2.0"]),
)
def test_a_document_of_wrong_types_still_gives_a_draft_that_loads(
    tmp_path_factory: pytest.TempPathFactory, operation: dict[str, Any], more: dict[str, Any], version: str
) -> None:
    key = "swagger" if version == "2.0" else "openapi"
    content = {key: version, "paths": {f"{BOOKING}/check-in": {"post": operation, "get": None}}, **more}
    drafted(written(tmp_path_factory.mktemp("api"), content))


OWN_WORDS = sorted({
    part for one in operations().values() for part in re.sub(r"\{\w+\}", "", one.path).split("/") if part
})  # fmt: skip
FRESH = st.text("bdfgjklmnpqrtvwxyz", min_size=4, max_size=9)


def renamed(names: dict[str, str], *, keeps_ids: bool) -> tuple[dict[str, Any], dict[str, str]]:
    """Our own document with its path segments renamed, and the path each operation then has."""
    content = copy.deepcopy(document("openapi.yaml"))
    paths, expected = {}, {}
    for path, item in content["paths"].items():
        new = "/".join(names.get(part, part) for part in path.split("/"))
        for method in ("get", "post"):
            if method in item:
                expected[item[method]["operationId"]] = new
                if not keeps_ids:
                    del item[method]["operationId"]
        paths.setdefault(new, {}).update(item)
    return {**content, "paths": paths}, expected


def judged(tmp_path: Path, content: dict[str, Any], expected: dict[str, str]) -> set[str]:
    """The operations that were mapped, each of them rightly; of all others there is a comment."""
    found, text = drafted(written(tmp_path, content))
    dialect = found.get("dialect", {})
    wire = Wire(dialect or None)
    mapped = {name for name in operations() if not re.search(rf"^# {name} \(\w+\): ", text, re.MULTILINE)}
    params = {"hotel_slug": "h", "booking_id": "B", "room_id": "1", "room_number": "2"}
    for name in mapped:
        assert wire.request(name, params, None).path == expected[name].format(**params), name
    return mapped


@settings(deadline=None, max_examples=20)
@given(st.lists(FRESH, min_size=len(OWN_WORDS), max_size=len(OWN_WORDS), unique=True))
def test_renamed_paths_are_found_by_their_operation_ids(
    tmp_path_factory: pytest.TempPathFactory, fresh: list[str]
) -> None:
    content, expected = renamed(dict(zip(OWN_WORDS, fresh, strict=True)), keeps_ids=True)
    assert judged(tmp_path_factory.mktemp("api"), content, expected) == set(operations())


@settings(deadline=None, max_examples=20)
@given(st.dictionaries(st.sampled_from(OWN_WORDS), FRESH, max_size=len(OWN_WORDS)))
def test_renamed_paths_without_operation_ids_are_found_or_told(
    tmp_path_factory: pytest.TempPathFactory, names: dict[str, str]
) -> None:
    names = dict(
        zip(names, dict.fromkeys(names.values()), strict=False)
    )  # two names for one word would be a collision
    content, expected = renamed(names, keeps_ids=False)
    judged(tmp_path_factory.mktemp("api"), content, expected)


@settings(deadline=None, max_examples=20)
@given(st.permutations(OWN_WORDS))
def test_words_that_change_places_never_lead_to_a_wrong_operation(
    tmp_path_factory: pytest.TempPathFactory, shuffled: list[str]
) -> None:
    content, expected = renamed(dict(zip(OWN_WORDS, shuffled, strict=True)), keeps_ids=True)
    judged(tmp_path_factory.mktemp("api"), content, expected)


@pytest.mark.parametrize(
    ("rename", "found"),
    [
        ({"check-in": "arrivals", "check-out": "departures"}, {"checkIn", "checkOut"}),
        ({"room-bookings": "reservations"}, {"checkIn", "listBookings", "getBooking", "guestBookingStatus"}),
        ({"api": "backend", "staff": "office"}, {"checkIn", "listRooms", "roomsBoard", "markMaintenance"}),
        ({"check-in": "checkin", "status-history": "history"}, {"checkIn", "roomStatusHistory"}),
    ],
)
def test_usual_words_are_found_without_operation_ids(
    tmp_path: Path, rename: dict[str, str], found: set[str]
) -> None:
    content, expected = renamed(rename, keeps_ids=False)
    assert found <= judged(tmp_path, content, expected)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!doctype html><html>", "HTML page"),
        (b"\xff\xfe\x00", "not text"),
        (b"a: [1, 2", "neither JSON nor YAML"),
        (b"a: &x [*x, 2020-99-99]", "neither JSON nor YAML"),
        (b"[" * 100_000, "nested more than"),
        (b"just words", "not an object"),
        (b"{}", "neither `openapi` nor `swagger`"),
        (b'{"openapi": "4.0.0", "paths": {"/": {}}}', "OpenAPI 4.0.0"),
        (b'{"swagger": 1.2, "paths": {"/": {}}}', "OpenAPI 1.2"),
        (b'{"openapi": "3.0.0"}', "no paths"),
        (b'{"openapi": "3.0.0", "paths": {}}', "no paths"),
        (b'{"asyncapi": "3.0.0"}', "not an OpenAPI document"),
    ],
)
def test_what_is_no_openapi_is_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(SourceError, match=re.escape(said)) as caught:
        draft_target(str(written(tmp_path, content)), TEMPLATE)
    assert caught.value.exit_code == 64
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_a_directory_is_one_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "no.json", tmp_path):
        with pytest.raises(SourceError, match=re.escape(str(path))):
            read_document(str(path))


def test_a_document_that_is_too_large_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "MAX_BYTES", 1 << 20)
    with pytest.raises(SourceError, match="larger than 1 MiB"):
        read_document(str(written(tmp_path, b"#" * ((1 << 20) + 1))))


def staycheck_init(tmp_path: Path, address: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "staycheck.main", "init", "backend.toml", "--from-openapi", address],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


async def test_a_url_is_read_with_its_references_and_becomes_the_base_url(tmp_path: Path) -> None:
    async def documents(request: web.Request) -> web.Response:
        if request.path == "/away":
            raise web.HTTPFound("/docs/api.json")
        if request.path == "/docs/item.json":
            return web.json_response({"post": {}})
        if request.path == "/docs/api.json":
            paths = {
                f"{BOOKING}/check-in": {"$ref": "item.json"},
                f"{BOOKING}/check-out": {"$ref": "http://127.0.0.1:9/x"},
            }
            return web.json_response(api(paths))
        raise web.HTTPNotFound

    app = web.Application()
    app.router.add_get("/{anything:.*}", documents)
    async with TestServer(app) as server:
        base = str(server.make_url("")).rstrip("/")
        found, text = await asyncio.to_thread(drafted, f"{base}/docs/api.json")
        assert found["base_url"] == base
        assert set(found["dialect"]["paths"]) == {"checkIn"}
        assert "1 references" in text
        with_password = base.replace("http://", "http://me:s3cret-word@")
        _, text = await asyncio.to_thread(drafted, f"{with_password}/docs/api.json")
        assert "s3cret-word" not in text
        done = await asyncio.to_thread(staycheck_init, tmp_path, f"{base}/nothing")
        assert (done.returncode, done.stdout) == (64, "")
        assert "answered 404" in done.stderr
        assert not (tmp_path / "backend.toml").exists()


def test_a_url_where_nobody_answers_is_two(tmp_path: Path) -> None:
    done = staycheck_init(tmp_path, "http://127.0.0.1:9/openapi.json")
    assert done.returncode == 2
    assert "is the backend running?" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_says_what_was_found_and_what_is_open(tmp_path: Path) -> None:
    done = staycheck_init(tmp_path, str(HERE / "drf.yaml"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "10 operations found, 14 to fill in" in done.stdout
    assert "moveRoom" in done.stdout
    assert loaded((tmp_path / "backend.toml").read_text())["name"] == "Harbour PMS API"
