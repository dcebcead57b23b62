"""One operation on the page: what it does, what it takes, what it answers, and a request to copy."""

from collections.abc import Iterator
from typing import Any

from api.docs_page.curl import curl_command
from api.docs_page.markup import Element, element, inline, prose
from api.docs_page.members import choices, member_list, type_of

Json = dict[str, Any]
_FORM = "application/x-www-form-urlencoded"


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Path, method and operation, in the order of the document."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def operation_section(document: Json, path: str, method: str, operation: Json) -> Element:
    """The section of an operation; its id is the operation's name."""
    name = operation["operationId"]
    request = element("code", curl_command(document, path, method, operation), class_="request")
    return element(
        "section",
        element("h3", element("a", operation["summary"], href=f"#{name}"), id=name),
        element("p", verb(method), " ", element("code", document["servers"][0]["url"] + path), class_="path"),
        element(
            "div",
            element("div", *prose(operation.get("description", "")), *_taken(operation), class_="about"),
            element("div", element("pre", request, tabindex="0"), *_answered(document, operation), class_="example"),
            class_="columns",
        ),
        class_="operation",
        aria_labelledby=name,
    )


def verb(method: str) -> Element:
    """GET or POST, to be told apart at a glance."""
    return element("span", method.upper(), class_=f"verb {method}")


def _taken(operation: Json) -> Iterator[Element]:
    parameters = operation["parameters"]
    yield from _list("Path", [each for each in parameters if each.get("in") == "path"])
    query = [each for each in parameters if each.get("in") == "query"]
    yield from _list("Query", [each for each in query if "[" not in each["name"]])
    yield from _filters([each for each in query if "[" in each["name"]])
    if "requestBody" in operation:
        yield from _form(operation["requestBody"]["content"][_FORM]["schema"])


def _list(title: str, parameters: list[Json]) -> Iterator[Element]:
    if parameters:
        yield element("h4", title)
        yield member_list((each["name"], _schema(each), each.get("required", False)) for each in parameters)


def _form(schema: Json) -> Iterator[Element]:
    required = schema.get("required", [])
    yield element("h4", "Form")
    if schema["properties"]:
        yield member_list((name, each, name in required) for name, each in schema["properties"].items())
    else:
        yield element("p", "No parameters.")


def _filters(parameters: list[Json]) -> Iterator[Element]:
    """Fields with their operators, and what each operator means, once."""
    if not parameters:
        return
    meanings: dict[str, str] = {}
    fields: dict[str, list[Json]] = {}
    for each in parameters:
        field, _, operator = each["name"].rstrip("]").partition("[")
        meanings[operator] = each.get("description", "")
        fields.setdefault(field, []).append(each)
    meaning = element("dl", class_="members operators")
    for operator, text in meanings.items():
        meaning.extend([element("dt", element("code", f"[{operator}]")), element("dd", *inline(text))])
    yield element("h4", "Filters and sorting")
    yield element("details", element("summary", "What the operators mean"), meaning)
    yield element("dl", *(row for field, each in fields.items() for row in _field(field, each)), class_="members")


def _field(field: str, parameters: list[Json]) -> Iterator[Element]:
    single = min((_schema(each) for each in parameters), key=lambda schema: schema["type"] == "array")
    operators = [each["name"].removeprefix(field) for each in parameters]
    yield element("dt", element("code", field), " ", element("span", *type_of(single), class_="type"))
    yield element(
        "dd",
        element("ul", *(element("li", element("code", operator)) for operator in operators), class_="choices marks"),
        choices(single["enum"]) if "enum" in single else None,
    )


def _answered(document: Json, operation: Json) -> Iterator[Element]:
    made = element("dl", class_="answers")
    for status, response in operation["responses"].items():
        told = _resolved(document, response)
        media_type, content = next(iter(told["content"].items()))
        made.append(element("dt", element("span", status, class_=f"status s{status[0]}")))
        if "examples" in content:
            codes = [element("li", element("a", code, href=f"#{code}")) for code in content["examples"]]
            made.append(element("dd", element("ul", *codes, class_="choices")))
        elif media_type == "application/json":
            made.append(element("dd", *type_of(content["schema"])))
        else:
            made.append(element("dd", element("code", media_type)))
    yield element("h4", "Answers")
    yield made


def _schema(parameter: Json) -> Json:
    """Schema and words of a parameter; a list is one JSON text."""
    described = parameter.get("content", {}).get("application/json", parameter)["schema"]
    return {**described, "description": parameter.get("description", "")}


def _resolved(document: Json, response: Json) -> Json:
    if "$ref" not in response:
        return response
    found: Json = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return found
