"""Webhook endpoints (chargebee/events.md, section 6)."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError
from msgspec import UNSET, UnsetType
from yarl import URL

from api.field_groups import Given, PathId, Values
from api.fields import Boolean, Choice, Text
from api.schemas.event_types import EventTypeName
from api.schemas.listing import PageSchema
from api.schemas.operation import OperationSchema
from ledger.errors import ParamWrongValue
from ledger.limits import PAGE_LIMIT_DEFAULT
from ledger.vocabulary import ResponseSchemaType, WebhookApiVersion

_ID_LENGTH_MAX = 40
_SCHEMES = frozenset({"http", "https"})


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointForm:
    """What a request says of an endpoint: its members by name, and user and password, which are kept elsewhere.

    Of user and password None takes away, and UNSET was not given.
    """

    endpoint_id: str = ""
    members: dict[str, Any]
    username: str | UnsetType | None = UNSET
    password: str | UnsetType | None = UNSET


@dataclass(frozen=True, slots=True)
class EndpointList:
    """A page of endpoints. ``offset`` is as it was sent."""

    limit: int = PAGE_LIMIT_DEFAULT
    offset: str | None = None


class WebhookUrl(Text):
    """An http or https URL with a host, and without user, password, blanks and control characters."""

    def read(self, text: str) -> str:
        url = _parsed(super().read(text))
        if url.scheme not in _SCHEMES or not url.host:
            raise ValidationError("should be an http or https URL with a host")
        if url.user is not None or url.password is not None:
            raise ValidationError("should not hold a user or a password")
        return text


class HeaderText(Text):
    """Text for a header: control characters could not be sent. ``without`` is a character that it cannot hold."""

    def __init__(self, max_length: int, *, without: str = "") -> None:
        super().__init__(max_length)
        self._without = without

    def read(self, text: str) -> str:
        if not super().read(text).isprintable():
            raise ValidationError("should not hold control characters")
        if self._without and self._without in text:
            raise ValidationError(f"should not hold {self._without!r}, which ends it in the header")
        return text


class EndpointSchema(OperationSchema[EndpointForm]):
    """What create and update have in common. ``ports`` are those that a URL may have."""

    ports = Given()
    api_version = Choice(WebhookApiVersion, clearable=False)
    primary_url = Boolean()
    disabled = Boolean()
    basic_auth_password = HeaderText(250)
    # RFC 7617, section 2: the first colon ends the user.
    basic_auth_username = HeaderText(250, without=":")
    send_card_resource = Boolean()
    enabled_events = Values(EventTypeName())

    def build(self, members: dict[str, Any]) -> EndpointForm:
        _require_port(members.get("url"), members.pop("ports"))
        if "enabled_events" in members:
            members["enabled_events"] = tuple(dict.fromkeys(filter(None, members["enabled_events"])))
        return EndpointForm(
            endpoint_id=members.pop("endpoint_id", ""),
            username=members.pop("basic_auth_username", UNSET),
            password=members.pop("basic_auth_password", UNSET),
            members=members,
        )


class CreateEndpointSchema(EndpointSchema):
    """POST /webhook_endpoints"""

    name = Text(50, required=True)
    url = WebhookUrl(512, required=True)
    chargebee_response_schema_type = Choice(ResponseSchemaType)


class UpdateEndpointSchema(EndpointSchema):
    """POST /webhook_endpoints/{webhook-endpoint-id}"""

    endpoint_id = PathId(_ID_LENGTH_MAX)
    name = Text(50, clearable=False)
    url = WebhookUrl(512, clearable=False)


class EndpointIdSchema(OperationSchema[str]):
    """What has an id in its path and no parameters."""

    endpoint_id = PathId(_ID_LENGTH_MAX)

    def build(self, members: dict[str, Any]) -> str:
        return str(members["endpoint_id"])


class ListEndpointsSchema(PageSchema[EndpointList]):
    """GET /webhook_endpoints"""

    def build(self, members: dict[str, Any]) -> EndpointList:
        return EndpointList(members.get("limit", PAGE_LIMIT_DEFAULT), members.get("offset"))


def _parsed(text: str) -> URL:
    if not text.isprintable() or " " in text:
        raise ValidationError("should not hold blanks or control characters")
    try:
        return URL(text)
    except ValueError:
        raise ValidationError("should be a URL") from None


def _require_port(url: str | None, ports: Collection[int]) -> None:
    if url is not None and URL(url).port not in ports:
        raise ParamWrongValue(f"should have one of the ports {', '.join(map(str, sorted(ports)))}", param="url")


CREATE_ENDPOINT = CreateEndpointSchema()
UPDATE_ENDPOINT = UpdateEndpointSchema()
RETRIEVE_ENDPOINT = EndpointIdSchema()
DELETE_ENDPOINT = EndpointIdSchema()
LIST_ENDPOINTS = ListEndpointsSchema()
