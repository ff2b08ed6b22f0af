"""What the documents say of each other: operations, messages, codes, clauses, permissions, statuses, versions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tools.schema_files import leaves, read_json, read_yaml, registry, validator

METHODS = ("get", "post", "put", "patch", "delete")
SUCCESS = "200"
ERROR_SCHEMA = "resources/error.schema.json"


def operations(root: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation of openapi.yaml with its path."""
    for path, item in read_yaml(root / "openapi.yaml")["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, item[method]


def snake_case(operation_id: str) -> str:
    """`checkIn` -> `check_in`: how the files of an operation are named."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", operation_id).lower()


def code_statuses(root: Path) -> dict[str, int]:
    """Every error code with its HTTP status."""
    schema = read_json(root / "resources/error_code.schema.json")
    return {choice["const"]: choice["x-status"] for choice in schema["oneOf"]}


def clause_ids(root: Path) -> set[str]:
    return {clause["id"] for clause in read_yaml(root / "clauses.yaml")["clauses"]}


def extensions_hold(root: Path) -> Iterator[str]:
    """The x- fields have their shape, and name clauses and permissions that exist."""
    shape = validator(registry(root), "files/operation_extensions.schema.json")
    clauses = clause_ids(root)
    actions = {f"{m}.{a}" for m, names in read_yaml(root / "roles.yaml")["modules"].items() for a in names}
    for _, operation in operations(root):
        name = f"openapi.yaml: {operation['operationId']}"
        extensions = {key: value for key, value in operation.items() if key.startswith("x-")}
        flaws = leaves(shape, extensions)
        yield from (f"{name}: {leaf.pointer}: {leaf.message}" for leaf in flaws)
        if flaws:
            continue
        named = [*extensions["x-clauses"], *(event["clause"] for event in extensions.get("x-events", ()))]
        if "x-idempotent" in extensions:
            repeat = extensions["x-idempotent"]
            named.append(repeat["clause"])
            if repeat["after"] not in [refusal["code"] for refusal in extensions["x-refusals"]]:
                yield f"{name}: x-idempotent comes after {repeat['after']}, which it does not refuse with"
        yield from (
            f"{name}: names the clause {clause}, which is not there"
            for clause in named
            if clause not in clauses
        )
        permission = extensions.get("x-permission", [])
        for action in [permission] if isinstance(permission, str) else permission:
            if action not in actions:
                yield f"{name}: needs {action}, which is not in roles.yaml"


def refusals_hold(root: Path) -> Iterator[str]:
    """The error responses are the refusals, grouped by the status of their codes, and look all the same."""
    statuses = code_statuses(root)
    for _, operation in operations(root):
        name = f"openapi.yaml: {operation['operationId']}"
        due: dict[str, list[str]] = {}
        for refusal in operation.get("x-refusals", ()):
            codes = due.setdefault(str(statuses.get(refusal["code"])), [])
            if refusal["code"] not in codes:
                codes.append(refusal["code"])
        for status, response in operation["responses"].items():
            if status == SUCCESS:
                continue
            if response.get("x-codes") != due.pop(status, None):
                yield f"{name}: x-codes of {status} are not the codes of x-refusals with that status, in that order"
            if response["content"]["application/json"]["schema"] != {"$ref": ERROR_SCHEMA}:
                yield f"{name}: the body of {status} is not {ERROR_SCHEMA}"
        yield from (f"{name}: no response {status} for {', '.join(codes)}" for status, codes in due.items())


def events_hold(root: Path) -> Iterator[str]:
    """What an operation causes is a message of asyncapi.yaml, on that channel, with that name and shape."""
    asyncapi = read_yaml(root / "asyncapi.yaml")
    caused: set[str] = set()
    for _, operation in operations(root):
        for event in operation.get("x-events", ()):
            name = f"openapi.yaml: {operation['operationId']}: {event['message']}"
            caused.add(event["message"])
            message = asyncapi["components"]["messages"].get(event["message"])
            if message is None or event["message"] not in asyncapi["channels"][event["channel"]]["messages"]:
                yield f"{name} is not a message of the channel {event['channel']} in asyncapi.yaml"
            elif message["name"] != event["event"] or message["payload"]["$ref"] != event["schema"]:
                yield f"{name} has another name or schema in asyncapi.yaml"
    for message in sorted(set(asyncapi["components"]["messages"]) - caused):
        yield f"asyncapi.yaml: no operation causes {message}"
    sent = {ref["$ref"].rsplit("/", 1)[1] for op in asyncapi["operations"].values() for ref in op["messages"]}
    for message in sorted(set(asyncapi["components"]["messages"]) - sent):
        yield f"asyncapi.yaml: no operation sends {message}"


def shapes_have_their_place(root: Path) -> Iterator[str]:
    """Each operation answers and takes the files that bear its name; examples that are named exist."""
    for _, operation in operations(root):
        name, file = (
            f"openapi.yaml: {operation['operationId']}",
            f"{snake_case(operation['operationId'])}.schema.json",
        )
        contents = [(f"replies/{file}", operation["responses"][SUCCESS]["content"])]
        if "requestBody" in operation:
            contents.append((f"requests/{file}", operation["requestBody"]["content"]))
        for schema, content in contents:
            for media_type, media in content.items():
                if media["schema"] != {"$ref": schema}:
                    yield f"{name}: {media_type} is not {schema}"
                if not media.get("examples"):
                    yield f"{name}: {schema} has no example"
                for example in media.get("examples", {}).values():
                    if not (root / example["externalValue"]).is_file():
                        yield f"{name}: the example {example['externalValue']} is not there"
        taken = {parameter["name"] for parameter in operation.get("parameters", ())}
        if taken and taken != set(read_json(root / "requests" / file)["properties"]):
            yield f"{name}: its query parameters are not those of requests/{file}"


def copies_agree(root: Path) -> Iterator[str]:
    """What has to be said twice is said the same: statuses, rights, the guest's payload, the version."""
    statuses = read_json(root / "common.schema.json")["$defs"]["room_status"]["enum"]
    if list(read_yaml(root / "lifecycles/room_status.yaml")["states"]) != statuses:
        yield "lifecycles/room_status.yaml: its states are not the room statuses of common.schema.json"
    for reply, where in (("rooms_board", ()), ("housekeeping_dashboard", ("properties", "rooms_by_status"))):
        schema = read_json(root / f"replies/{reply}.schema.json")
        for key in where:
            schema = schema[key]
        if schema["required"] != statuses:
            yield f"replies/{reply}.schema.json: its statuses are not the room statuses of common.schema.json"
    rights = read_json(root / "replies/staff_login.schema.json")["properties"]["rbac"]["properties"]
    said = {module: schema["properties"]["actions"]["required"] for module, schema in rights.items()}
    if said != read_yaml(root / "roles.yaml")["modules"]:
        yield "replies/staff_login.schema.json: rbac does not have the modules and actions of roles.yaml"
    guest = read_json(root / "resources/guest_booking.schema.json")
    payload = read_json(root / "events/guest_checked_in_payload.schema.json")
    if {k: v for k, v in payload["properties"].items() if k != "guest_token"} != guest["properties"]:
        yield "events/guest_checked_in_payload.schema.json: is not GuestBooking and guest_token"
    versions = {
        read_yaml(root / document)["info"]["version"] for document in ("openapi.yaml", "asyncapi.yaml")
    }
    if versions != {read_yaml(root / "clauses.yaml")["version"]}:
        yield "openapi.yaml, asyncapi.yaml, clauses.yaml: their versions differ"
    names = {operation["operationId"] for _, operation in operations(root)}
    for probe, entry in read_yaml(root / "probes.yaml")["probes"].items():
        if "operation" in entry and entry["operation"] not in names:
            yield f"probes.yaml: {probe} reads through {entry['operation']}, which is not in openapi.yaml"


CHECKS: tuple[Callable[[Path], Iterator[str]], ...] = (
    extensions_hold,
    refusals_hold,
    events_hold,
    shapes_have_their_place,
    copies_agree,
)
