"""A request as a line for the shell, from the examples of the description. ``$KEY`` holds the API key."""

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

Json = dict[str, Any]

# Stands for the scheme and host of the page, which are known when it is sent.
ORIGIN = "http://origin.invalid"

_FORM = "application/x-www-form-urlencoded"
_is_plain = re.compile(r"[A-Za-z0-9_.-]*").fullmatch


def curl_command(document: Json, path: str, method: str, operation: Json) -> str:
    """The command, one option a line."""
    query = method == "get"
    fields = list(_query(operation) if query else _form(operation))
    options = "-sG" if query and fields else "-s"
    url = shlex.quote(f"{ORIGIN}{document['servers'][0]['url']}{_filled(path, operation)}")
    start = f"curl {options} {url}" if query or fields else f"curl {options} -X POST {url}"
    return " \\\n    ".join([start, '-u "$KEY:"', *(_option(name, value) for name, value in fields)])


def _filled(path: str, operation: Json) -> str:
    for parameter in operation["parameters"]:
        if parameter.get("in") == "path":
            example = quote(parameter.get("example", parameter["name"]), safe="/")
            path = path.replace(f"{{{parameter['name']}}}", example)
    return path


def _query(operation: Json) -> Iterator[tuple[str, Any]]:
    for parameter in operation["parameters"]:
        described = parameter.get("content", {}).get("application/json", parameter)
        if parameter.get("in") == "query" and "example" in described:
            yield parameter["name"], described["example"]


def _form(operation: Json) -> Iterator[tuple[str, Any]]:
    yield from operation["requestBody"]["content"][_FORM].get("example", {}).items()


def _option(name: str, value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return f"{'-d' if _is_plain(text) else '--data-urlencode'} {shlex.quote(f'{name}={text}')}"
