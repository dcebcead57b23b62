"""The SDK of the test environment, 3.29.0, behind ``tests.sdk.calls.Sdk``."""

from dataclasses import fields
from typing import Any

from chargebee import APIError, Chargebee
from chargebee.model import Model
from chargebee.models.order.responses import OrderResponse

from tests.acceptance.sdk_orders import sdk_client
from tests.sdk.calls import WITH_ID, WITHOUT_PARAMETERS, EventReply, Refused, Reply


class Newer:
    """Version 3.29.0."""

    def __init__(self, url: str, key: str) -> None:
        self.client: Chargebee = sdk_client(url, key)

    def call(
        self,
        operation: str,
        resource_id: str | None = None,
        params: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        arguments: list[Any] = [resource_id] if operation in WITH_ID else []
        if operation not in WITHOUT_PARAMETERS:
            arguments.append(params)
        # The SDK writes headers of its own into the dictionary that it is given.
        given = dict(headers) if headers else None
        try:
            response = getattr(self.client.Order, operation)(*arguments, headers=given)
        except APIError as error:
            raise _refused(error) from error
        entries = response.list if hasattr(response, "list") else [response]
        return Reply(
            status=response.http_status_code,
            replayed=getattr(response, "is_idempotency_replayed", False),
            headers=dict(response.headers),
            orders=[entry.order.raw_data for entry in entries],
            shown=[_shown(entry.order) for entry in entries],
            next_offset=getattr(response, "next_offset", None),
        )

    def events(self, params: dict[str, Any]) -> EventReply:
        try:
            response = self.client.Event.list(params)
        except APIError as error:
            raise _refused(error) from error
        return _events([entry.event for entry in response.list], response.next_offset)

    def event(self, event_id: str) -> EventReply:
        try:
            return _events([self.client.Event.retrieve(event_id).event])
        except APIError as error:
            raise _refused(error) from error


def _events(events: list[Any], next_offset: str | None = None) -> EventReply:
    return EventReply(
        events=[event.raw_data for event in events],
        shown=[_shown(event) for event in events],
        orders=[_shown(OrderResponse.construct(event.content["order"])) for event in events],
        next_offset=next_offset,
    )


def _shown(model: Model) -> dict[str, Any]:
    members = {name.name: getattr(model, name.name) for name in fields(model) if name.name != "raw_data"}
    return {name: _plain(value) for name, value in members.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return _shown(value) if isinstance(value, Model) else value


def _refused(error: APIError) -> Refused:
    return Refused(
        kind=type(error).__name__,
        status=error.http_status_code,
        type=error.type,
        api_error_code=error.api_error_code,
        error_code=error.error_code,
        param=error.param,
        message=str(error),
        headers=dict(error.http_headers),
    )
