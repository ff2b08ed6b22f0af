"""The realtime half: channels, the messages on them, and how to get on a private one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contract.diff.documents import Contract, escaped
from contract.diff.fields import Section, came_and_went, changed, differing
from contract.diff.model import Findings, breaks, fits, words
from contract.diff.openapi import security_schemes
from contract.diff.schema_changes import SchemaChanges

FILE = "asyncapi.yaml"
_MISSED = "who listens where or as it was hears nothing"


def compare(old: Contract, new: Contract, findings: Findings, schemas: SchemaChanges) -> None:
    """Adds the changes of `asyncapi.yaml`."""
    before, after = old.document(FILE), new.document(FILE)
    if not before and not after:
        return
    whole = Section(findings, FILE, "document")
    changes = _Messages(whole, schemas)
    judges = {
        "info": lambda was, is_: whole.fields("info", was or {}, is_ or {}, {}, described=("title", "version", "license", "description", "contact", "tags")),
        "servers": lambda was, is_: _servers(whole, was or {}, is_ or {}),
        "channels": lambda was, is_: _channels(whole, was or {}, is_ or {}, changes),
        "operations": lambda was, is_: _operations(whole, was or {}, is_ or {}),
        "components": lambda was, is_: _components(whole, was or {}, is_ or {}, changes),
        "defaultContentType": lambda was, is_: whole.add("event/content-type", f"content type {changed(was, is_)}", breaks("events come in another notation"), breaks("events have to be published in another notation")),
    }  # fmt: skip
    whole.fields("document", before, after, judges, described=("asyncapi", "id"))


def _servers(section: Section, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for name in differing(old, new):
        if name not in old or name not in new:
            section.both("server/listed", f"server {name} is {'new' if name in new else 'gone'}", words("a server is an example of where it may be"))  # fmt: skip
            continue
        one = section.at(f"server {name}")
        one.fields("server", old[name], new[name], {}, described=("host", "description", "title", "summary", "variables"))  # fmt: skip


def _channels(section: Section, old: Mapping[str, Any], new: Mapping[str, Any], changes: _Messages) -> None:
    for name in differing(old, new):
        one = section.at(f"channel {name}")
        if name not in old:
            one.add("channel/added", f"channel {new[name].get('address')} is new", fits("a channel nobody subscribes to changes nothing"), breaks("a backend has to publish on it"))  # fmt: skip
        elif name not in new:
            one.add("channel/removed", f"channel {old[name].get('address')} is gone", breaks("who listens on it hears nothing"), fits("nobody asks a backend for it"))  # fmt: skip
        else:
            _channel(one, name, old[name], new[name], changes)


def _channel(section: Section, name: str, old: Any, new: Any, changes: _Messages) -> None:
    def address(was: Any, is_: Any) -> None:
        section.add("channel/address", f"address {was} becomes {is_}", breaks(_MISSED), breaks("a backend has to publish on another channel"))  # fmt: skip

    def parameters(was: Any, is_: Any) -> None:
        was, is_ = was or {}, is_ or {}
        for key in differing(was, is_):
            if key not in was or key not in is_:
                section.both("channel/parameter", f"parameter {key} is {'new' if key in is_ else 'gone'}", fits("the address says what is published where"))  # fmt: skip
            else:
                section.fields(f"channel parameter {key}", was[key], is_[key], {}, described=("description", "examples"))  # fmt: skip

    def messages(was: Any, is_: Any) -> None:
        was, is_ = was or {}, is_ or {}
        for key in differing(was, is_):
            if key not in was:
                section.add("channel/message-added", f"carries {key} too", fits("an event that nobody listens for changes nothing"), breaks("a backend has to publish it there"))  # fmt: skip
            elif key not in is_:
                section.add("channel/message-removed", f"no longer carries {key}", breaks("who listens for it there hears nothing"), fits("no MUST forbids it to publish more"))  # fmt: skip
            elif "$ref" in was[key] or "$ref" in is_[key]:
                section.add("channel/message", f"{key}: {changed(was[key], is_[key])}", breaks("another message comes"), breaks("a backend has to publish another message"))  # fmt: skip
            else:
                changes.message(key, f"/channels/{escaped(name)}/messages/{escaped(key)}", was[key], is_[key])

    section.fields(
        "channel", old, new, {"address": address, "parameters": parameters, "messages": messages},
        described=("title", "summary", "description", "servers", "tags"),
    )  # fmt: skip


def _operations(section: Section, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for name in differing(old, new):
        one = section.at(name)
        if name not in old:
            one.add("send/added", "the backend sends something more", fits("an event that nobody listens for changes nothing"), breaks("a backend has to publish it"))  # fmt: skip
        elif name not in new:
            one.add("send/removed", "the backend no longer sends it", breaks("who waits for it waits in vain"), fits("no MUST forbids it to publish more"))  # fmt: skip
        else:
            _operation(one, old[name], new[name])


def _operation(section: Section, old: Any, new: Any) -> None:
    def security(was: Any, is_: Any) -> None:
        what = f"what a subscription needs: {changed(was, is_)}"
        if not is_:
            section.add("send/security", what, fits("nobody who could listen is refused"), breaks("a backend has to let everybody listen"))  # fmt: skip
        else:
            section.add("send/security", what, breaks("who subscribes as before is refused"), breaks("a backend has to ask for it"))  # fmt: skip

    def messages(was: Any, is_: Any) -> None:
        came, went = came_and_went(was or (), is_ or ())
        for entry in came:
            section.add("send/message-added", f"sends {entry.get('$ref', entry)} too", fits("an event that nobody listens for changes nothing"), breaks("a backend has to publish it"))  # fmt: skip
        for entry in went:
            section.add("send/message-removed", f"no longer sends {entry.get('$ref', entry)}", breaks("who waits for it waits in vain"), fits("no MUST forbids it to publish more"))  # fmt: skip

    def moved(key: str) -> Any:
        def judge(was: Any, is_: Any) -> None:
            section.add(f"send/{key}", f"{key}: {changed(was, is_)}", breaks(_MISSED), breaks("a backend has to publish it elsewhere or otherwise"))  # fmt: skip

        return judge

    judges = {"security": security, "messages": messages, "channel": moved("channel"), "action": moved("action")}  # fmt: skip
    section.fields("send", old, new, judges, described=("title", "summary", "description", "tags"))


def _components(section: Section, old: Mapping[str, Any], new: Mapping[str, Any], changes: _Messages) -> None:
    judges = {
        "messages": lambda was, is_: changes.compare(was or {}, is_ or {}),
        "securitySchemes": lambda was, is_: security_schemes(section.at("components"), was or {}, is_ or {}),
        "schemas": lambda was, is_: changes.definitions(was or {}, is_ or {}),
    }
    section.at("components").fields("components", old, new, judges)


class _Messages:
    def __init__(self, section: Section, schemas: SchemaChanges) -> None:
        self._section, self._schemas = section, schemas

    def definitions(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Schemas that stand in the document itself."""
        for name in differing(old, new):
            if name in old and name in new:
                self._schemas.compare(FILE, f"/components/schemas/{escaped(name)}", old[name], new[name])
            else:
                what = f"schema {name} is {'new' if name in new else 'gone'}"
                self._section.both("schema/definition", what, fits("what refers to it is a change of its own"))  # fmt: skip

    def compare(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """The messages of the document, by their names in it."""
        for name in differing(old, new):
            if name in old and name in new:
                self.message(name, f"/components/messages/{escaped(name)}", old[name], new[name])
            else:
                what = f"message {name} is {'new' if name in new else 'gone'}"
                self._section.at(name).both("message/listed", what, fits("the channels that carry it are changes of their own"))  # fmt: skip

    def message(self, name: str, place: str, old: Any, new: Any) -> None:
        """One message at its place."""
        section = self._section.at(name)

        def event(was: Any, is_: Any) -> None:
            section.add("message/name", f"event {was} is published as {is_}", breaks("who listens for the old name hears nothing"), breaks("a backend has to publish it under another name"))  # fmt: skip

        def content_type(was: Any, is_: Any) -> None:
            section.add("message/content-type", f"content type {changed(was, is_)}", breaks("it comes in another notation"), breaks("it has to be published in another notation"))  # fmt: skip

        def part(key: str) -> Any:
            def judge(was: Any, is_: Any) -> None:
                self._schemas.compare(FILE, f"{place}/{key}", was or {}, is_ or {})

            return judge

        judges = {"name": event, "contentType": content_type, "payload": part("payload"), "headers": part("headers")}  # fmt: skip
        section.fields("message", old, new, judges, described=("title", "summary", "description", "examples", "tags"))  # fmt: skip
