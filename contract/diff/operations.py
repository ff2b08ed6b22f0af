"""One operation of `openapi.yaml` before and after: who may call it, with what, what it answers, and our `x-` fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contract.diff.documents import escaped, unescaped
from contract.diff.extensions import ExtensionChanges
from contract.diff.fields import Section, differing
from contract.diff.model import breaks, fits, words
from contract.diff.schema_changes import SchemaChanges

Document = Mapping[str, Any]


class OperationChanges:
    """Adds the changes of one operation to its section."""

    def __init__(self, section: Section, old: Document, new: Document, schemas: SchemaChanges) -> None:
        self._section, self._old, self._new, self._schemas = section, old, new, schemas
        self._place = ""
        self._told_codes: set[str] = set()

    def compare(
        self, old: Document, new: Document, old_item: Document, new_item: Document, was: tuple[str, str], is_: tuple[str, str]
    ) -> None:  # fmt: skip
        """`old_item` and `new_item` are what the paths say for all their operations; `was` and `is_` method and path."""
        self._place = f"/paths/{escaped(is_[1])}/{is_[0]}"
        old_place = f"/paths/{escaped(was[1])}/{was[0]}"
        self._security(old.get("security", self._old.get("security", [])), new.get("security", self._new.get("security", [])))  # fmt: skip
        self._parameters(
            _parameters(self._old, old_place, old_item, old),
            _parameters(self._new, self._place, new_item, new),
        )
        # the codes of the answers say the refusals once more, by status: what came or went is told there
        self._told_codes = _codes(old) ^ _codes(new)
        nothing = dict.fromkeys(("security", "parameters", "operationId"), lambda _old, _new: None)
        judges = {
            **nothing,
            "requestBody": self._body,
            "responses": self._responses,
            **ExtensionChanges(self._section).judges(),
        }
        self._section.fields("operation", old, new, judges, described=("summary", "description", "tags", "deprecated", "externalDocs"))  # fmt: skip

    def _security(self, old: list[Any], new: list[Any]) -> None:
        before, after = ({" and ".join(sorted(option)) or "nothing" for option in listed or [{}]} for listed in (old, new))  # fmt: skip
        for option in sorted(after - before):
            self._section.add("operation/security-added", f"may be called with {option}", fits("it is one more way to call it"), breaks("a backend has to accept it"))  # fmt: skip
        for option in sorted(before - after):
            self._section.add("operation/security-removed", f"may no longer be called with {option}", breaks("who calls it so is refused"), breaks("a backend has to refuse it"))  # fmt: skip

    def _parameters(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        for key in sorted(new.keys() - old.keys()):
            must = new[key][1].get("required", False)
            self._section.add(
                "parameter/added", f"{'required' if must else 'optional'} {key} is new",
                breaks("calls without it are refused") if must else fits("calls without it are still right"),
                breaks("a backend has to read it"),
            )  # fmt: skip
        for key in sorted(old.keys() - new.keys()):
            self._section.add("parameter/removed", f"{key} is gone", breaks("who sends it is not heard"), fits("it may ignore it"))  # fmt: skip
        for key in sorted(old.keys() & new.keys()):
            self._parameter(key, old[key], new[key])

    def _parameter(self, key: str, old: tuple[str, Any], new: tuple[str, Any]) -> None:
        section = self._section
        shared = new[0].startswith("/components/")
        if shared and old[0] == new[0]:
            section = section.at(f"#{new[0]}")  # said once, where it was changed

        def required(_was: Any, is_: Any) -> None:
            if is_:
                section.add("parameter/required", f"{key} is required now", breaks("calls without it are refused"), fits("it is given whatever was given, and more often"))  # fmt: skip
            else:
                section.add("parameter/required", f"{key} is optional now", fits("calls with it are still right"), breaks("a backend has to do without it"))  # fmt: skip

        def schema(was: Any, is_: Any) -> None:
            self._schemas.compare("openapi.yaml", f"{new[0]}/schema", was or {}, is_ or {})

        same = {"in": lambda _was, _is: None, "name": lambda _was, _is: None}
        judges = {"required": required, "schema": schema, **same}
        section.fields(f"parameter {key}", old[1], new[1], judges, described=("description", "example", "examples", "deprecated"))  # fmt: skip

    def _body(self, old: Any, new: Any) -> None:
        section = self._section
        if old is None or new is None:
            came = old is None
            must = (new if came else old).get("required", False)
            if came:
                section.add("request/added", "a request body is new", breaks("calls without it are refused") if must else fits("calls without it are still right"), breaks("a backend has to read it"))  # fmt: skip
            else:
                section.add("request/removed", "the request body is gone", breaks("what it said is not heard any more"), fits("a backend may ignore it"))  # fmt: skip
            return
        old, new = _resolved(self._old, old), _resolved(self._new, new)

        def required(_was: Any, is_: Any) -> None:
            if is_:
                section.add("request/required", "the request body is required now", breaks("calls without it are refused"), fits("it reads what it read"))  # fmt: skip
            else:
                section.add("request/required", "the request body is optional now", fits("calls with it are still right"), breaks("a backend has to do without it"))  # fmt: skip

        def content(was: Any, is_: Any) -> None:
            self._content(f"{self._place}/requestBody", was or {}, is_ or {}, "request", "requests", sent_by_consumers=True)  # fmt: skip

        section.fields("request", old, new, {"required": required, "content": content}, described=("description",))  # fmt: skip

    def _responses(self, old: Any, new: Any) -> None:
        old, new = old or {}, new or {}
        for status in differing(old, new):
            section = self._section
            if status not in old:
                section.add("reply/status-added", f"may answer {status}", breaks("a frontend may get a status it does not know of this operation"), fits("every answer it gave is still right"))  # fmt: skip
            elif status not in new:
                section.add("reply/status-removed", f"may no longer answer {status}", fits("every answer it gets was possible before"), breaks("a backend that answers so is wrong now"))  # fmt: skip
            else:
                self._reply(status, _resolved(self._old, old[status]), _resolved(self._new, new[status]))

    def _reply(self, status: str, old: Document, new: Document) -> None:
        section = self._section

        def content(was: Any, is_: Any) -> None:
            self._content(f"{self._place}/responses/{status}", was or {}, is_ or {}, "reply", f"answer {status}", sent_by_consumers=False)  # fmt: skip

        def headers(was: Any, is_: Any) -> None:
            was, is_ = was or {}, is_ or {}
            for name in differing(was, is_):
                if name not in was:
                    section.add("reply/header-added", f"answer {status} has the header {name}", fits("it may be ignored"), breaks("a backend has to send it"))  # fmt: skip
                elif name not in is_:
                    section.add("reply/header-removed", f"answer {status} no longer has the header {name}", breaks("who reads it finds nothing"), fits("it may still send it"))  # fmt: skip
                else:
                    self._header(status, name, _resolved(self._old, was[name]), _resolved(self._new, is_[name]))  # fmt: skip

        def codes(was: Any, is_: Any) -> None:
            for code in sorted(set(is_ or ()) - set(was or ()) - self._told_codes):
                section.add("reply/code-added", f"{status} may have the code {code}", breaks("a frontend may get a code it does not know of this operation"), breaks("a backend has to refuse with it"))  # fmt: skip
            for code in sorted(set(was or ()) - set(is_ or ()) - self._told_codes):
                section.add("reply/code-removed", f"{status} no longer has the code {code}", breaks("what was refused with it is not any more, or with another code"), breaks("a backend that refuses with it is wrong now"))  # fmt: skip
            if set(was or ()) == set(is_ or ()):
                section.both("reply/words", f"the codes of {status} are in another order", words())

        section.fields(
            f"reply {status}", old, new, {"content": content, "headers": headers, "x-codes": codes}, described=("description", "links")
        )  # fmt: skip

    def _header(self, status: str, name: str, old: Document, new: Document) -> None:
        def schema(was: Any, is_: Any) -> None:
            place = f"{self._place}/responses/{status}/headers/{escaped(name)}/schema"
            self._schemas.compare("openapi.yaml", place, was or {}, is_ or {})

        def required(_was: Any, is_: Any) -> None:
            what = f"header {name} of {status} is {'required' if is_ else 'optional'} now"
            if is_:
                self._section.add("reply/header-required", what, fits("it is there more often"), breaks("a backend has to send it"))  # fmt: skip
            else:
                self._section.add("reply/header-required", what, breaks("who reads it may find nothing"), fits("it may still send it"))  # fmt: skip

        self._section.fields(f"header {name}", old, new, {"schema": schema, "required": required}, described=("description", "example", "examples"))  # fmt: skip

    def _content(
        self, place: str, old: Document, new: Document, kind: str, what: str, *, sent_by_consumers: bool
    ) -> None:  # fmt: skip
        writer, reader = breaks("the other side does not take it any more"), breaks("it has to be read")
        for media in differing(old, new):
            if media not in old:
                impacts = (fits("it is one more way to say it"), reader) if sent_by_consumers else (reader, fits("it may say it as before"))  # fmt: skip
                self._section.add(f"{kind}/content-type-added", f"{what} may be {media}", *impacts)
            elif media not in new:
                impacts = (writer, fits("it reads what it read")) if sent_by_consumers else (fits("it reads what it read"), writer)  # fmt: skip
                self._section.add(f"{kind}/content-type-removed", f"{what} may no longer be {media}", *impacts)  # fmt: skip
            else:
                self._media(f"{place}/content/{escaped(media)}", old[media], new[media], kind)

    def _media(self, place: str, old: Document, new: Document, kind: str) -> None:
        def schema(was: Any, is_: Any) -> None:
            self._schemas.compare("openapi.yaml", f"{place}/schema", was or {}, is_ or {})

        self._section.fields(f"{kind} content", old, new, {"schema": schema}, described=("example", "examples"))  # fmt: skip


def _codes(operation: Document) -> set[str]:
    return {str(entry.get("code")) for entry in operation.get("x-refusals", ())}


def _parameters(document: Document, place: str, item: Document, one: Document) -> dict[str, tuple[str, Any]]:
    """Place and content of each parameter by its name and where it is, references followed."""
    found: dict[str, tuple[str, Any]] = {}
    shared = place.rpartition("/")[0]
    for above, listed in ((shared, item.get("parameters", ())), (place, one.get("parameters", ()))):
        for index, entry in enumerate(listed):
            where = f"{above}/parameters/{index}"
            if "$ref" in entry:
                where, entry = entry["$ref"].removeprefix("#"), _resolved(document, entry)
            found[f"{entry.get('in')} parameter {entry.get('name')}"] = (where, entry)
    return found


def _resolved(document: Document, entry: Any) -> Any:
    """The entry, or what it refers to in the same document."""
    if not isinstance(entry, dict) or not str(entry.get("$ref", "")).startswith("#/"):
        return entry
    for step in entry["$ref"].split("/")[1:]:
        document = document[unescaped(step)]
    return document
