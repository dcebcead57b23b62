"""Everything the ledger refuses, as one tree; the HTTP layer renders it and decides nothing.

    LedgerError
    ├── InvalidRequest              400 invalid_request
    │   ├── ParamWrongValue         400 param_wrong_value
    │   │   └── ParamRequired       400 param_wrong_value (error_code param_required)
    │   ├── DuplicateEntry          400 duplicate_entry
    │   ├── ResourceLimitExhausted  400 resource_limit_exhausted
    │   ├── ResourceLimitExceeded   400 resource_limit_exceeded
    │   ├── ConfigurationIncompatible 400 configuration_incompatible
    │   ├── ResourceNotFound        404 resource_not_found
    │   ├── MethodNotSupported      405 http_method_not_supported
    │   ├── InvalidState            409 invalid_state_for_request
    │   └── UnableToProcess         422 unable_to_process_request
    ├── AuthenticationFailed        401 api_authentication_failed
    ├── AuthorizationFailed         403 api_authorization_failed
    └── OperationFailed             500 internal_error
        ├── RecordUnreadable        500 internal_error
        ├── LockTimeout             429 lock_timeout
        ├── RequestLimitExceeded    429 api_request_limit_exceeded
        ├── TemporaryError          503 internal_temporary_error
        └── DatabaseUnavailable     503 db_connection_failure

Each class carries the status, ``type`` and codes of chargebee/conventions.md, section 3, as data.
"""

from typing import ClassVar


class LedgerError(Exception):
    """Sorry, something went wrong."""

    http_status: ClassVar[int] = 500
    type: ClassVar[str | None] = None
    api_error_code: ClassVar[str] = "internal_error"
    error_code: str = ""

    def __init__(
        self, reason: str | None = None, *, param: str | None = None, retry_after_s: int | None = None
    ) -> None:
        self.reason = reason or " ".join((type(self).__doc__ or "").split())
        self.param = param
        self.retry_after_s = retry_after_s
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """``param : reason`` where one parameter is at fault, as Chargebee words it."""
        return f"{self.param} : {self.reason}" if self.param else self.reason


class InvalidRequest(LedgerError):
    """The request cannot be understood."""

    http_status = 400
    type = "invalid_request"
    api_error_code = "invalid_request"


class ParamWrongValue(InvalidRequest):
    """has a wrong value"""

    api_error_code = "param_wrong_value"


class ParamRequired(ParamWrongValue):
    """cannot be blank"""

    error_code = "param_required"


class DuplicateEntry(InvalidRequest):
    """is already taken"""

    api_error_code = "duplicate_entry"


class ResourceLimitExhausted(InvalidRequest):
    """The limit of this resource is used up."""

    api_error_code = "resource_limit_exhausted"


class ResourceLimitExceeded(InvalidRequest):
    """There are as many of these as there can be."""

    api_error_code = "resource_limit_exceeded"


class ConfigurationIncompatible(InvalidRequest):
    """The settings of the site do not allow this."""

    api_error_code = "configuration_incompatible"


class ResourceNotFound(InvalidRequest):
    """Sorry, we couldn't find that resource"""

    http_status = 404
    api_error_code = "resource_not_found"


class MethodNotSupported(InvalidRequest):
    """Sorry, this HTTP method is not supported here"""

    http_status = 405
    api_error_code = "http_method_not_supported"


class InvalidState(InvalidRequest):
    """The state of the order does not allow this."""

    http_status = 409
    api_error_code = "invalid_state_for_request"


class UnableToProcess(InvalidRequest):
    """The idempotency key was used with another request."""

    http_status = 422
    api_error_code = "unable_to_process_request"


class AuthenticationFailed(LedgerError):
    """Sorry, authentication failed. Invalid api key"""

    http_status = 401
    api_error_code = "api_authentication_failed"
    error_code = "api_authentication_invalid_key"


class AuthorizationFailed(LedgerError):
    """Sorry, the api key has no right to do this"""

    http_status = 403
    api_error_code = "api_authorization_failed"


class OperationFailed(LedgerError):
    """Sorry, something went wrong when trying to process the request"""

    http_status = 500
    type = "operation_failed"


class RecordUnreadable(OperationFailed):
    """The record cannot be read: it was changed, or a newer version wrote it. `order-ledger verify` tells more."""


class LockTimeout(OperationFailed):
    """Another request is changing the same resource. Please try again."""

    http_status = 429
    api_error_code = "lock_timeout"


class RequestLimitExceeded(OperationFailed):
    """Too many requests. Please try again later."""

    http_status = 429
    api_error_code = "api_request_limit_exceeded"


class TemporaryError(OperationFailed):
    """The service is busy. Please try again."""

    http_status = 503
    api_error_code = "internal_temporary_error"


class DatabaseUnavailable(OperationFailed):
    """The database cannot be reached. Please try again."""

    http_status = 503
    api_error_code = "db_connection_failure"
