"""The page that shows the API description: one HTML document, made once, readable without a script.

It holds nothing of its own but headings; all words, names and examples come from the OpenAPI document.
"""

import functools
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import msgspec

from api.docs_page.curl import ORIGIN
from api.docs_page.markup import Element, element, inline, prose, written
from api.docs_page.members import member_list
from api.docs_page.operations import operation_section, operations, verb
from api.openapi.document import openapi_json

Json = dict[str, Any]

_is_host = re.compile(r"(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?").fullmatch


def page_for(scheme: str, host: str) -> bytes:
    """The page, its examples pointing at this host. What is no host is not repeated."""
    origin = f"{scheme}://{host}" if _is_host(host) else "http://127.0.0.1:8080"
    return _page().replace(ORIGIN, origin).encode()


def asset(name: str) -> bytes:
    """A file that the page refers to."""
    return files("api.docs_page").joinpath(name).read_bytes()


@functools.cache
def _page() -> str:
    return render(msgspec.json.decode(openapi_json()))


def render(document: Json) -> str:
    """The page of a document."""
    info = document["info"]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{info['title']}: API"),
        element("link", rel="stylesheet", href="docs/docs.css"),
        element("script", src="docs/docs.js", defer="defer"),
    )
    body = element(
        "body",
        element("a", "To the content", href="#content", class_="skip"),
        _header(info),
        element("div", _contents(document), _main(document), class_="page"),
        data_origin=ORIGIN,
    )
    return written(element("html", head, body, lang="en"))


def _header(info: Json) -> Element:
    return element(
        "header",
        element("h1", info["title"], " ", element("small", info["version"])),
        element("p", info["summary"]),
        element("p", element("a", "openapi.json", href="api/v2/openapi.json")),
    )


def _contents(document: Json) -> Element:
    """Links to everything; on a narrow screen the script folds it."""
    made = [
        element("li", element("a", verb(method), " ", operation["summary"], href=f"#{operation['operationId']}"))
        for _, method, operation in operations(document)
    ]
    more = [element("li", element("a", name.capitalize(), href=f"#{name}")) for name in _MORE]
    details = element(
        "details",
        element("summary", "Contents"),
        element("ul", *made, class_="operations"),
        element("ul", *more, class_="more"),
        open="open",
    )
    return element("nav", details, aria_label="Contents")


def _main(document: Json) -> Element:
    return element(
        "main",
        element("section", *prose(document["info"]["description"]), *_first_steps(), class_="introduction"),
        element("h2", "Operations", id="operations"),
        *(operation_section(document, *each) for each in operations(document)),
        *(
            part
            for name, section in _MORE.items()
            for part in (element("h2", name.capitalize(), id=name), *section(document))
        ),
        id="content",
        tabindex="-1",
    )


def _first_steps() -> Iterator[Element]:
    yield element("h2", "Try it", id="try")
    yield element(
        "p",
        "The examples below work as they stand, one after another from the top, ",
        "on a site that has the sample invoices. They take the key from the shell:",
    )
    yield element("pre", element("code", "export KEY=$(cat var/acme.key)"), tabindex="0")


def _headers(document: Json) -> Iterator[Element]:
    sent = document["components"]["parameters"]
    told = document["components"]["headers"]
    yield element(
        "p", "A request may carry, all but ", element("code", "chargebee-business-entity-id"), " on POST only:"
    )
    yield member_list((name, _worded(each), False) for name, each in sent.items())
    yield element("p", "An answer carries:")
    yield member_list((name, _worded(each), False) for name, each in told.items())


def _errors(document: Json) -> Iterator[Element]:
    """Every code once, with its status."""
    made = element("dl", class_="members")
    seen: set[str] = set()
    for response in document["components"]["responses"].values():
        content = response["content"]["application/json"]
        for code, example in content["examples"].items():
            if code not in seen:
                seen.add(code)
                status = str(example["value"]["http_status_code"])
                made.append(element("dt", element("code", code), " ", element("span", status, class_="type"), id=code))
                made.append(element("dd", *inline(example["summary"])))
    yield made


def _resources(document: Json) -> Iterator[Element]:
    for name, schema in document["components"]["schemas"].items():
        required = schema.get("required", [])
        yield element(
            "section",
            element("h3", element("a", name, href=f"#{name}"), id=name),
            *prose(schema.get("description", "")),
            member_list((member, each, member in required) for member, each in schema["properties"].items()),
            class_="resource",
        )


_MORE = {"headers": _headers, "errors": _errors, "resources": _resources}


def _worded(parameter: Json) -> Json:
    return {**parameter["schema"], "description": parameter.get("description", "")}
