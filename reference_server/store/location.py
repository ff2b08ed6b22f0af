"""What `--db` may name: `memory`, a SQLite file, or a PostgreSQL database."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

_SCHEMES = ("postgresql://", "postgres://")
_FORM = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with ?schema=NAME for a schema of its own"
_MOST_NAME_BYTES = 63
_SECRETS = ("password", "sslpassword")


class LocationError(ValueError):
    """The text names no database. The message says what it should look like, and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class PostgresLocation:
    """`conninfo` is what libpq understands, `schema` where the tables are; `shown` has no password in it."""

    conninfo: str = field(repr=False)
    schema: str | None
    shown: str
    secrets: tuple[str, ...] = field(repr=False)


def is_postgres(db: str) -> bool:
    return db.startswith(_SCHEMES)


def postgres_location(db: str) -> PostgresLocation:
    """Read a PostgreSQL address. Raises: `LocationError`."""
    try:
        parts = urlsplit(db)
        query = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        raise LocationError(f"A PostgreSQL database is written {_FORM}.") from None
    schemas = [value for key, value in query if key == "schema"]
    if len(schemas) > 1 or any(not 0 < len(name.encode()) <= _MOST_NAME_BYTES for name in schemas):
        raise LocationError("?schema= takes the name of one schema, of 1 to 63 bytes.")
    others = [(key, value) for key, value in query if key != "schema"]
    hidden = [(key, "***" if key in _SECRETS else value) for key, value in query]
    user, at, host = parts.netloc.rpartition("@")
    name, colon, password = user.partition(":")
    secrets = [password, unquote(password)] if password else []
    secrets += [value for key, value in query if key in _SECRETS and value]
    return PostgresLocation(
        # libpq takes + for a plus sign, so blanks are written %20.
        conninfo=parts._replace(query=urlencode(others, quote_via=quote), fragment="").geturl(),
        schema=schemas[0] if schemas else None,
        shown=parts._replace(
            netloc=f"{name}{colon and ':***'}{at}{host}", query=urlencode(hidden, safe="*"), fragment=""
        ).geturl(),
        secrets=tuple(secrets),
    )


def check_location(db: str) -> None:
    """Raises: `LocationError` for what can name no database, before anything is opened."""
    if is_postgres(db):
        postgres_location(db)
    elif "://" in db:
        raise LocationError(f"The database is `memory`, a SQLite file, or {_FORM}.")
    elif not db:
        raise LocationError("The name of the database is empty.")


def shown(db: str) -> str:
    """The database as it may be printed and logged."""
    return postgres_location(db).shown if is_postgres(db) else db


def secrets_of(db: str) -> tuple[str, ...]:
    """The passwords in the address."""
    return postgres_location(db).secrets if is_postgres(db) else ()
