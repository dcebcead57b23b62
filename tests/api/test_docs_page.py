"""The page at /docs shows the whole description, runs nothing inline, and its examples work as printed."""

import asyncio
import copy
import itertools
import json
from html.parser import HTMLParser

import pytest
from aiohttp import ClientSession

from api.docs_page.page import page_for, render
from api.openapi.answers import FILES
from api.services import Services
from ledger.ids import Site
from tests.api.description import DOCUMENT, OPERATIONS, parameters_of
from tests.api.requests import Client
from tests.api.test_requests_kept import kept_request
from tests.ledger.transparency.given import Signer

# Page, style and script; a page that grows beyond it needs another form.
ALL_BYTES_MAX = 256 * 1024
MADE_UP_IDS = {
    "retrieve_event": ("events", "event"),
    "retrieve_webhook_endpoint": ("webhook_endpoints", "webhook_endpoint"),
    "update_webhook_endpoint": ("webhook_endpoints", "webhook_endpoint"),
    "delete_webhook_endpoint": ("webhook_endpoints", "webhook_endpoint"),
}
ANSWERED = {
    "health",
    "overview",
    "invoice",
    "webhook_delivery_counts",
    "verification",
    "webhook_endpoint",
    "order",
    "list",
    "diff",
    "event",
    "configurations",
    "request",
    "keys",
    "inclusion",
    "consistency",
}


class Page(HTMLParser):
    """Elements, texts and code of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.requests: list[str] = []
        self._in_request = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._in_request = tag == "code" and ("class", "request") in attrs

    def handle_endtag(self, tag: str) -> None:
        self._in_request = False

    def handle_data(self, data: str) -> None:
        (self.requests if self._in_request else self.texts).append(data)

    def attributes(self, name: str) -> list[str]:
        """All values of an attribute."""
        return [value or "" for _, attributes in self.elements for key, value in attributes.items() if key == name]


@pytest.fixture
async def page(client: Client) -> Page:
    async with ClientSession() as stranger, stranger.get(client.make_url("/docs")) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        return Page(await response.text())


async def test_the_page_and_its_files_are_served_to_anyone_under_a_strict_policy(client: Client) -> None:
    size = 0
    async with ClientSession() as stranger:
        for path, kind in [("/docs", "html"), ("/docs/docs.css", "css"), ("/docs/docs.js", "javascript")]:
            async with stranger.get(client.make_url(path)) as response:
                assert response.status == 200
                assert response.headers["Content-Type"] == f"text/{kind}; charset=utf-8"
                policy = response.headers["Content-Security-Policy"]
                size += len(await response.read())
            assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self';")
            assert "unsafe" not in policy
    assert size < ALL_BYTES_MAX


def test_nothing_is_inline_and_nothing_comes_from_elsewhere(page: Page) -> None:
    scripts = [attributes for tag, attributes in page.elements if tag == "script"]
    assert [script["src"] for script in scripts] == ["docs/docs.js"]
    assert not [tag for tag, _ in page.elements if tag in {"style", "iframe", "img", "object", "base", "form"}]
    names = {name for _, attributes in page.elements for name in attributes}
    assert not {name for name in names if name.startswith("on") or name == "style"}
    assert not [link for link in page.attributes("href") if "//" in link]


def test_every_link_leads_somewhere(page: Page) -> None:
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    links = {link for link in page.attributes("href") if link.startswith("#")}
    assert links <= {f"#{each}" for each in ids}
    assert {f"#{name}" for name in OPERATIONS} <= links


def test_the_page_shows_every_operation_parameter_member_and_error(page: Page) -> None:
    texts = set(page.texts)
    for operation in OPERATIONS.values():
        assert operation["summary"] in texts
    for schema in DOCUMENT["components"]["schemas"].values():
        assert schema["properties"].keys() <= texts
    for body in (each["requestBody"]["content"] for each in OPERATIONS.values() if "requestBody" in each):
        assert body["application/x-www-form-urlencoded"]["schema"]["properties"].keys() <= texts
    for name in ("status", "[not_in]", "chargebee-idempotency-key", "Retry-After", "duplicate_entry"):
        assert name in texts


def test_the_page_can_be_read_and_used_without_eyes_or_mouse(page: Page) -> None:
    by_tag = dict(page.elements)
    assert by_tag["html"]["lang"] == "en"
    assert by_tag["nav"]["aria-label"] == "Contents"
    first_link = next(attributes for tag, attributes in page.elements if tag == "a")
    assert first_link["href"] == f"#{by_tag['main']['id']}"
    levels = [int(tag[1]) for tag, _ in page.elements if tag in {"h1", "h2", "h3", "h4"}]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in itertools.pairwise(levels))
    assert all(attributes.get("tabindex") == "0" for tag, attributes in page.elements if tag == "pre")


def test_what_the_description_holds_is_text_and_nothing_else() -> None:
    hostile = "<script>alert(1)</script>\"'&`<b>`"
    document = copy.deepcopy(DOCUMENT)
    document["info"]["description"] = hostile
    operation = document["paths"]["/orders"]["post"]
    operation |= {"summary": hostile, "description": hostile, "operationId": hostile}
    form = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]
    form["schema"]["properties"][hostile] = {"type": "string", "description": hostile, "enum": [hostile]}
    form["example"] = {hostile: hostile}
    page = Page(render(document))
    assert [tag for tag, _ in page.elements if tag in {"script", "b"}] == ["script"]
    assert hostile.partition("`")[0] in " ".join(page.texts)


@pytest.mark.parametrize(
    "host", ['"><script>', "a b", "a$(id)", "a;id", "x" * 10 + "/path", "", "a:b", "::1", "user@host"]
)
def test_a_host_that_is_none_is_not_repeated(host: str) -> None:
    assert b"curl -s http://127.0.0.1:8080/api/v2/orders " in page_for("http", host)


@pytest.mark.parametrize("host", ["localhost:8080", "acme.example.com", "127.0.0.1:1", "[::1]:8080"])
def test_examples_point_at_the_host_that_was_asked(host: str) -> None:
    requests = Page(page_for("https", host).decode()).requests
    assert all(f"https://{host}/api/v2/" in request for request in requests)


async def _with_known_id(client: Client, operation: str, request: str) -> str:
    """The request with the id of something that is there, where ids are made by the service."""
    if operation not in MADE_UP_IDS:
        return request
    collection, resource = MADE_UP_IDS[operation]
    [asked] = parameters_of(operation, "path").values()
    known = (await (await client.get(f"/api/v2/{collection}")).json())["list"][0][resource]
    assert request.count(asked["example"]) == 1
    return request.replace(asked["example"], known["id"])


async def test_every_example_works_as_printed_one_after_another(
    client: Client, key: str, page: Page, signer: Signer, services: Services, site: Site
) -> None:
    assert len(page.requests) == len(OPERATIONS)
    [asked] = parameters_of("retrieve_request", "path").values()
    await services.requests.keep([kept_request(site, asked["example"])])
    for operation, printed_request in zip(OPERATIONS, page.requests, strict=True):
        await signer.sign()
        request = await _with_known_id(client, operation, printed_request)
        shell = await asyncio.create_subprocess_exec(
            "bash", "-euc", request, env={"KEY": key, "PATH": "/usr/bin:/bin"}, stdout=asyncio.subprocess.PIPE
        )
        printed, _ = await asyncio.wait_for(shell.communicate(), 30)
        assert shell.returncode == 0, request
        if operation in FILES:
            assert b"api_error_code" not in printed, (request, printed)
        else:
            assert json.loads(printed).keys() & ANSWERED, (request, printed)
