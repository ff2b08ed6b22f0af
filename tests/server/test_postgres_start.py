"""Starting on PostgreSQL: versions, several servers at once, and one clear sentence when it cannot be."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from psycopg import sql

from reference_server.app import Settings
from reference_server.store import StoreError, make_store
from reference_server.store.location import LocationError, check_location, secrets_of, shown
from simulator.world import ROW_TYPES
from tests.postgres import connect, query, schema_of
from tests.server.test_process import SERVE, one_sentence, run

ADDRESS = "postgresql://clerk:hu%21sh@db.example:6543/hotel?schema=grand&sslmode=require"


async def opened(db: str) -> None:
    store = make_store(db)
    await store.open()
    await store.close()


@pytest.mark.postgres
async def test_the_tables_have_the_columns_of_the_world_in_their_order(new_schema: str) -> None:
    await opened(new_schema)
    for kind in ROW_TYPES:
        found = query(
            new_schema,
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position",
            schema_of(new_schema),
            kind.table,
        )
        assert [name for (name,) in found] == [item.name for item in fields(kind)]


@pytest.mark.postgres
async def test_migrations_are_carried_out_once(new_schema: str) -> None:
    await opened(new_schema)
    first = query(new_schema, "SELECT version, name, applied_at FROM staycheck_migrations ORDER BY version")
    await opened(new_schema)
    again = query(new_schema, "SELECT version, name, applied_at FROM staycheck_migrations ORDER BY version")
    assert again == first
    assert [version for version, _, _ in first] == list(range(1, len(first) + 1))


@pytest.mark.postgres
async def test_stores_that_open_at_once_on_an_empty_database_wait_for_each_other(new_schema: str) -> None:
    await asyncio.gather(*(opened(new_schema) for _ in range(6)))
    assert query(new_schema, "SELECT count(*) FROM staycheck_migrations WHERE version = 1") == [(1,)]


@pytest.mark.postgres
async def test_a_database_of_a_newer_version_is_refused_with_the_way_out(new_schema: str) -> None:
    await opened(new_schema)
    with connect(new_schema) as connection:
        connection.execute("INSERT INTO staycheck_migrations (version, name) VALUES (999, 'future')")
    with pytest.raises(StoreError, match=r"newer staycheck.*version 999.*--db"):
        await opened(new_schema)


@pytest.mark.postgres
async def test_tables_of_something_else_are_left_alone(new_schema: str) -> None:
    with connect(new_schema) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema_of(new_schema))))
        connection.execute("CREATE TABLE rooms (mine TEXT)")
    with pytest.raises(StoreError, match=r"something else.*rooms.*--db"):
        await opened(new_schema)
    tables = query(new_schema, "SELECT tablename FROM pg_tables WHERE schemaname = %s", schema_of(new_schema))
    assert tables == [("rooms",)], "nothing was left half made"


@pytest.mark.postgres
async def test_missing_rights_are_said_in_a_sentence(new_schema: str) -> None:
    role = sql.Identifier(f"staycheck_{secrets.token_hex(4)}")
    name = role.as_string(None).strip('"')
    with connect(new_schema) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        try:
            theirs = new_schema.replace("//postgres@", f"//{name}:hush@")
            with pytest.raises(StoreError, match=r"permission denied.*--db") as caught:
                await opened(theirs)
        finally:
            connection.execute(sql.SQL("DROP ROLE {}").format(role))
    assert "hush" not in str(caught.value)


@pytest.mark.postgres
def test_two_servers_that_start_at_once_make_one_hotel(new_schema: str) -> None:
    command = [*SERVE, "--port", "0", "--announce", "--db", new_schema]
    servers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    try:
        for server in servers:
            assert server.stdout is not None
            assert json.loads(server.stdout.readline())["ready"] is True
    finally:
        for server in servers:
            server.send_signal(signal.SIGTERM)
        ends = [(server.communicate(timeout=20)[1], server.returncode) for server in servers]
    assert ends == [(b"", 0), (b"", 0)]
    assert query(new_schema, "SELECT count(*), count(DISTINCT slug) FROM hotels") == [(2, 2)]
    assert query(new_schema, "SELECT count(*) FROM staff") == [(4,)]


@pytest.mark.postgres
def test_what_is_printed_when_it_is_ready_has_no_password_in_it(new_schema: str) -> None:
    db = new_schema.replace("//postgres@", "//postgres:hush@")
    server = subprocess.Popen(
        [*SERVE, "--port", "0", "--db", db], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    banner = []
    while not (banner and banner[-1].startswith("Judge it")):
        banner.append(server.stdout.readline())
        assert server.poll() is None
    server.send_signal(signal.SIGTERM)
    _, logged = server.communicate(timeout=20)
    assert "hush" not in "".join(banner) + logged
    assert shown(db) in "".join(banner)


@pytest.mark.parametrize(
    ("db", "code", "says"),
    [
        ("postgresql://clerk:hush@127.0.0.1:1/hotel", 2, "127.0.0.1:1"),
        ("postgresql://clerk:hush@nowhere.invalid/hotel", 2, "nowhere.invalid"),
        ("postgresql://clerk:hush@127.0.0.1:1/hotel?colour=red", 2, "colour"),
        ("postgresql://clerk:hu%zzsh@127.0.0.1:1/hotel", 2, "127.0.0.1:1"),
        ("postgresql://clerk:hush@127.0.0.1:port/hotel", 64, "postgresql://USER"),
        ("postgresql://clerk:hush@127.0.0.1:1/hotel?schema=", 64, "?schema="),
        ("mysql://clerk:hush@127.0.0.1/hotel", 64, "postgresql://USER"),
    ],
)
def test_a_database_that_cannot_be_is_explained_without_its_password(db: str, code: int, says: str) -> None:
    result = run("--port", "0", "--db", db)
    assert result.returncode == code
    sentence = one_sentence(result)
    assert says in sentence
    assert "hush" not in sentence
    assert "%zz" not in sentence


def test_without_psycopg_the_sentence_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "psycopg.py").write_text("raise ImportError('no psycopg here')\n")
    result = subprocess.run(
        [*SERVE, "--port", "0", "--db", "postgresql://clerk:hush@127.0.0.1/hotel"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
    )
    assert result.returncode == 2
    assert "pip install 'staycheck[postgres]'" in one_sentence(result)


def test_an_address_is_shown_without_its_passwords() -> None:
    assert shown(ADDRESS) == "postgresql://clerk:***@db.example:6543/hotel?schema=grand&sslmode=require"
    assert shown(f"{ADDRESS}&password=other").endswith("password=***")
    assert {"hu!sh", "hu%21sh"} <= set(secrets_of(ADDRESS))
    assert "hu" not in repr(Settings(db=ADDRESS))


@pytest.mark.parametrize("db", ["", "mysql://h/d", "postgres://h:x/d", "postgresql://h/d?schema=a&schema=b"])
def test_what_names_no_database_is_refused(db: str) -> None:
    with pytest.raises(LocationError):
        check_location(db)
