"""A process of its own in which ``chargebee`` is 2.60.1: calls what it is told, one request and one answer a line.

Started with the folder of the SDK and the host and port of the server; each request brings its key. Imports nothing
of ours: the environment of the tests has another version of the SDK.
"""

import json
import sys
from typing import Any


def main() -> None:
    """Serve until standard input ends."""
    folder, address = sys.argv[1:]
    sys.path.insert(0, folder)
    chargebee, site = _configured(address)
    _say({"version": _version(), "home": chargebee.__file__})
    for line in sys.stdin:
        request = json.loads(line)
        chargebee.configure(request.pop("key"), site)
        try:
            result = _call(chargebee, **request)
            answer = _events(result) if request["resource"] == "Event" else _reply(result)
        except chargebee.APIError as error:
            answer = {"refused": _refused(error)}
        _say(answer)


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _configured(address: str) -> tuple[Any, str]:
    """The SDK pointed at a local server, and the site: the host is site and domain, plain http takes two more."""
    import chargebee  # noqa: PLC0415 - only now the path leads to the right version
    from chargebee.environment import Environment  # noqa: PLC0415

    site, _, domain = address.partition(".")
    Environment.chargebee_domain = domain
    Environment.protocol = "http"
    chargebee.ChargeBee.verify_ca_certs = False
    return chargebee, site


def _version() -> str:
    from chargebee.version import VERSION  # noqa: PLC0415

    return str(VERSION)


def _call(chargebee: Any, resource: str, operation: str, arguments: list[Any], headers: dict[str, str] | None) -> Any:
    return getattr(getattr(chargebee, resource), operation)(*arguments, headers=headers)


def _reply(result: Any) -> dict[str, Any]:
    is_list = isinstance(result, list)
    orders = [entry.order for entry in result] if is_list else [result.order]
    return {
        "status": result.get_http_status_code,
        "replayed": False if is_list else result.is_idempotency_replayed,
        "headers": dict(result.get_response_headers),
        "orders": [order.values for order in orders],
        "shown": [_shown(order) for order in orders],
        "next_offset": result.next_offset if is_list else None,
    }


def _events(result: Any) -> dict[str, Any]:
    is_list = isinstance(result, list)
    events = [entry.event for entry in result] if is_list else [result.event]
    return {
        "events": [event.values for event in events],
        "shown": [_shown(event) for event in events],
        "orders": [_shown(event.content.order) for event in events],
        "next_offset": result.next_offset if is_list else None,
    }


def _shown(model: Any) -> dict[str, Any]:
    members = {name: getattr(model, name) for name in model.fields}
    return {name: _plain(value) for name, value in members.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return _shown(value) if hasattr(value, "fields") else value


def _refused(error: Any) -> dict[str, Any]:
    return {
        "kind": type(error).__name__,
        "status": error.http_status_code,
        "type": error.type,
        "api_error_code": error.api_error_code,
        "error_code": error.error_code,
        "param": error.param,
        "message": str(error),
        "headers": dict(error.http_headers),
    }


if __name__ == "__main__":
    main()
