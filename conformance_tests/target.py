"""The backend under test as a value: where it is, who may log in, how it is watched, arranged and read.

`load_target` reads a TOML or JSON file of the shape `schemas/files/target.schema.json`; `parse_target` takes a document
that came from elsewhere (a running backend answers one at `/_staycheck/target.json`). Whatever is wrong with it is a
`TargetError` of one sentence. Secrets come from the environment through the `*_env` keys, and stay out of `repr`.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast
from urllib.parse import urlsplit

from conformance_tests.target_hosts import allow_problem, path_problem, url_problem
from conformance_tests.target_problems import describe_dialect, describe_problem
from contract.dialect import parse_dialect

PROBES = ("booking", "room", "audit", "guests", "tokens", "cleanup", "device", "failures")
ACTORS = ("manager", "front_desk", "housekeeping", "outsider")

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_SCHEME = re.compile(r"[\x20-\x7e]*")
_URL = re.compile(r"[^/?#]*:")
"""What no path begins with: a colon in the first segment (RFC 3986, 4.2)."""
_NO_ENVIRONMENT: Mapping[str, str] = MappingProxyType({})
_LOCAL_ONLY = (("states", "command"), ("states", "pool"), ("probes", "command"), ("realtime", "file"))


class TargetError(Exception):
    """The target cannot be used as it is written; the message is one sentence that says where and why."""

    exit_code = 64


class UnreachableError(Exception):
    """The target is well described and does not answer; nothing can be judged."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class StaffLogin:
    """How one member of staff gets in: a name and a password, or a ready token."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SinkSettings:
    """The Pusher-compatible REST endpoint the suite runs; port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: int = 0
    app_id: str = "1001"
    key: str = "staycheck"
    secret: str = field(default="staycheck-secret", repr=False)


@dataclass(frozen=True, slots=True)
class SubscribeSettings:
    """The Pusher server the suite listens to; with a secret it signs private channels itself."""

    url: str
    key: str
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Realtime:
    sink: SinkSettings | None = None
    subscribe: SubscribeSettings | None = None
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class StatesSettings:
    """How provider states are arranged: at most one of `url`, `command` and `pool`."""

    url: str | None = None
    command: tuple[str, ...] = ()
    pool: Path | None = None
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ProbePath:
    """A probe that is a read of the backend: path template, JSON Pointer into the reply, and who reads."""

    path: str
    pointer: str = ""
    actor: str = "manager"


@dataclass(frozen=True, slots=True)
class ProbesSettings:
    url: str | None = None
    command: tuple[str, ...] = ()
    token: str | None = field(default=None, repr=False)
    paths: Mapping[str, ProbePath] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """All in seconds."""

    request: float = 10.0
    event: float = 2.0
    grace: float = 0.1
    ready: float = 20.0
    hold: float = 0.5
    recovery: float = 10.0
    outage: float = 2.0


@dataclass(frozen=True, slots=True)
class Target:
    """A backend to judge. `directory` is where relative commands run."""

    name: str
    base_url: str
    frontend_origin: str | None = None
    allow: tuple[str, ...] = ()
    dialect: Mapping[str, Any] | None = None
    staff: Mapping[str, StaffLogin] = field(default_factory=dict)
    realtime: Realtime = Realtime()
    states: StatesSettings = StatesSettings()
    probes: ProbesSettings = ProbesSettings()
    timeouts: Timeouts = Timeouts()
    directory: Path = Path()

    def url(self, path_or_url: str) -> str:
        """A whole URL as it is, and a path behind the base URL with all of its prefix, as every path of a target stands.

        What begins with two slashes names a host, and is left for `url_problem` to refuse.
        """
        if path_or_url.startswith("//") or _URL.match(path_or_url):
            return path_or_url
        return f"{self.base_url.rstrip('/')}/{path_or_url.removeprefix('/')}"

    def secrets(self) -> Iterator[str]:
        """Every secret the target holds: what must never be written down.

        A password that is the name of somebody, as in a demo, is no secret, and replacing it everywhere would hide the
        name; where it stands as a password it is hidden all the same.
        """
        names = {*ACTORS, *(login.username for login in self.staff.values())}
        for login in self.staff.values():
            if login.password not in names:
                yield from filter(None, (login.password,))
            yield from filter(None, (login.token,))
        yield from filter(None, (self.states.token, self.probes.token))
        if self.realtime.sink is not None:
            yield self.realtime.sink.secret
        if self.realtime.subscribe is not None and self.realtime.subscribe.secret is not None:
            yield self.realtime.subscribe.secret


def load_target(path: Path, environ: Mapping[str, str] | None = None) -> Target:
    """Read a target file. Raises TargetError: not there, not TOML or JSON, a wrong key, an unset variable, a host refused."""
    text = _read_text(path)
    document = _parse_text(text, path)
    return _build(
        document, str(path), text, path.resolve().parent, os.environ if environ is None else environ
    )


def load_dialect(
    path: Path,
    *,
    use: Callable[[Mapping[str, Any]], object] = parse_dialect,
    missing: str | None = None,
) -> Mapping[str, Any]:
    """Read a dialect file. Raises TargetError: not there (`missing` says it), not TOML or JSON, a wrong key, of no use for `use`."""
    if path.suffix in (".yaml", ".yml"):
        raise TargetError(f"The dialect {path} must be TOML or JSON.")
    text = _read_text(path, missing or f"There is no dialect file {path}.")
    document = _parse_text(text, path)
    problem = describe_problem(document, "dialect", str(path), text) or describe_dialect(
        document, str(path), text, use=use
    )
    if problem is not None:
        raise TargetError(problem)
    _check_words(document, str(path))
    return cast("Mapping[str, Any]", document)


def parse_target(document: Any, source: str, *, allow: tuple[str, ...] = ()) -> Target:
    """A target document that a backend answered. Raises TargetError.

    It may name URLs and credentials, but no command, no file and no variable of this machine: whoever runs a server
    must not thereby run programs of the person who checks it.
    """
    problem = describe_problem(document, "target", source, None)
    if problem is not None:
        raise TargetError(problem)
    for table, key in _LOCAL_ONLY:
        if key in document.get(table, {}):
            raise TargetError(f"{source} names {table}.{key}, which only a target file of your own may do.")
    if isinstance(document.get("dialect"), str):
        raise TargetError(f"{source} names a dialect file, which only a target file of your own may do.")
    return _build({**document, "allow": list(allow)}, source, None, Path(), _NO_ENVIRONMENT)


def _read_text(path: Path, missing: str | None = None) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise TargetError(
            missing or f"There is no target file {path}; `staycheck init` writes one."
        ) from None
    except OSError as error:
        raise TargetError(f"The file {path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise TargetError(f"The file {path} cannot be read: it is not text in UTF-8.") from None


def _parse_text(text: str, path: Path) -> Any:
    try:
        return json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except json.JSONDecodeError as error:
        raise TargetError(f"{path}, line {error.lineno}: this is not JSON ({error.msg}).") from None
    except tomllib.TOMLDecodeError as error:
        raise TargetError(f"{path}: this is not TOML: {error}.") from None
    except RecursionError:
        raise TargetError(f"{path} is nested deeper than any target.") from None


def _build(
    document: Any, source: str, text: str | None, directory: Path, environ: Mapping[str, str]
) -> Target:
    problem = describe_problem(document, "target", source, text)
    if problem is not None:
        raise TargetError(problem)
    reader = _Reader(source, directory, environ)
    problem = url_problem(document["base_url"], document.get("allow", ()))
    if problem is not None:
        raise TargetError(f"{source}, base_url: {problem}.")
    target = Target(
        name=document.get("name") or urlsplit(document["base_url"]).netloc,
        base_url=document["base_url"],
        frontend_origin=document.get("frontend_origin"),
        allow=tuple(document.get("allow", ())),
        dialect=reader.dialect(document.get("dialect"), text),
        staff={
            actor: StaffLogin(
                fields.get("username"),
                reader.secret(fields, "password"),
                reader.secret(fields, "token"),
            )
            for actor, fields in document.get("staff", {}).items()
        },
        realtime=reader.realtime(document.get("realtime", {})),
        states=reader.states(document.get("states", {})),
        probes=reader.probes(document.get("probes", {})),
        timeouts=Timeouts(**document.get("timeouts", {})),
        directory=directory,
    )
    _check_hosts(target, source)
    return target


class _Reader:
    """Reads the parts of a valid document: relative paths against the file, secrets from the environment."""

    def __init__(self, source: str, directory: Path, environ: Mapping[str, str]) -> None:
        self._source, self._directory, self._environ = source, directory, environ

    def secret(self, fields: Mapping[str, Any], name: str) -> str | None:
        variable = fields.get(f"{name}_env")
        if variable is None:
            value: str | None = fields.get(name)
            return value
        if not self._environ.get(variable):
            raise TargetError(
                f"{self._source} takes {name} from the environment variable {variable}, which is not set."
            )
        found = self._environ[variable]
        if name == "token" and not _SCHEME.fullmatch(found):
            raise TargetError(
                f"{self._source} takes {name} from {variable}, which holds what no header can, such as a line break."
            )
        return found

    def dialect(self, given: str | Mapping[str, Any] | None, own: str | None) -> Mapping[str, Any] | None:
        """The dialect, in the target file (whose text is `own`) or in one of its own. TargetError when it cannot be."""
        if given is None:
            return None
        if not isinstance(given, str):
            return self._possible(given, self._source, own, "dialect")
        path = self._directory / given
        return load_dialect(path, missing=f"There is no dialect {path}, which {self._source} names.")

    @staticmethod
    def _possible(
        document: Mapping[str, Any], source: str, text: str | None, *above: str
    ) -> Mapping[str, Any]:
        problem = describe_dialect(document, source, text, *above)
        if problem is not None:
            raise TargetError(problem)
        return document

    def realtime(self, fields: Mapping[str, Any]) -> Realtime:
        sink, subscribe, file = fields.get("sink"), fields.get("subscribe"), fields.get("file")
        return Realtime(
            sink=None if sink is None else SinkSettings(**self._with_secret(sink)),
            subscribe=None if subscribe is None else SubscribeSettings(**self._with_secret(subscribe)),
            file=None if file is None else self._directory / file["path"],
        )

    def _with_secret(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        secret = self.secret(fields, "secret")
        plain = {name: value for name, value in fields.items() if name not in ("secret", "secret_env")}
        return plain if secret is None else {**plain, "secret": secret}

    def states(self, fields: Mapping[str, Any]) -> StatesSettings:
        ways = [way for way in ("url", "command", "pool") if way in fields]
        if len(ways) > 1:
            raise TargetError(
                f"{self._source} arranges states in {len(ways)} ways ({', '.join(ways)}); keep one."
            )
        return StatesSettings(
            url=fields.get("url"),
            command=tuple(fields.get("command", ())),
            pool=self._directory / fields["pool"] if "pool" in fields else None,
            token=self.secret(fields, "token"),
        )

    def probes(self, fields: Mapping[str, Any]) -> ProbesSettings:
        if "url" in fields and "command" in fields:
            raise TargetError(f"{self._source} reads probes by url and by command; keep one.")
        return ProbesSettings(
            url=fields.get("url"),
            command=tuple(fields.get("command", ())),
            token=self.secret(fields, "token"),
            paths={name: ProbePath(**path) for name, path in fields.get("paths", {}).items()},
        )


def _check_hosts(target: Target, source: str) -> None:
    """The suite writes into what it judges: only loopback and the hosts that `allow` names are touched."""
    problem = allow_problem(target.allow)
    if problem is not None:
        raise TargetError(f"{source}: {problem}.")
    urls = {"states.url": target.states.url, "probes.url": target.probes.url}
    for key, url in urls.items():
        problem = None if url is None else url_problem(target.url(url), target.allow)
        if problem is not None:
            raise TargetError(f"{source}, {key}: {problem}.")
    if target.dialect is not None:
        _check_words(target.dialect, source, "dialect.")
    for name, probe in target.probes.paths.items():
        _check_path(probe.path, source, f"probes.paths.{name}.path")


def _check_words(dialect: Mapping[str, Any], source: str, above: str = "") -> None:
    """What goes into a header or behind the base URL as it is."""
    auth = dialect.get("auth", {})
    if not _HEADER.fullmatch(auth.get("header", "Authorization")):
        raise TargetError(f"{source}, {above}auth.header: that is not the name of a header.")
    for key in ("scheme", "guest_scheme"):
        if not _SCHEME.fullmatch(auth.get(key, "")):
            raise TargetError(f"{source}, {above}auth.{key}: a header cannot hold that.")
    if dialect.get("base_path"):
        _check_path(dialect["base_path"], source, f"{above}base_path")
    for name, template in dialect.get("paths", {}).items():
        _check_path(template, source, f"{above}paths.{name}")


def _check_path(path: str, source: str, key: str) -> None:
    problem = path_problem(path)
    if problem is not None:
        raise TargetError(f"{source}, {key}: {problem}.")
