"""The API key of a request, from HTTP basic authentication (chargebee/conventions.md, section 2).

A key is never logged or repeated in an error; it is looked up by its digest (``ledger.sites.digest_of``).
"""

import base64

from ledger.errors import AuthenticationFailed
from ledger.limits import API_KEY_LENGTH_MAX, AUTHORIZATION_LENGTH_MAX

_MISSING = "Sorry, authentication failed. Please send your api key as the user name of HTTP basic authentication"
_MALFORMED = "Sorry, authentication failed. The authorization header is not valid HTTP basic authentication"


def api_key_of(authorization: str | None) -> str:
    """The user name of the header; a password is ignored, and so is a missing colon (the PHP and Go SDKs send none).

    Raises:
        AuthenticationFailed: no header, another scheme, not readable, or no key that could exist.
    """
    if not authorization:
        raise AuthenticationFailed(_MISSING)
    if len(authorization) > AUTHORIZATION_LENGTH_MAX:
        raise AuthenticationFailed(_MALFORMED)
    scheme, _, credentials = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        raise AuthenticationFailed(_MISSING)
    key = _decode(credentials.strip()).partition(":")[0]
    if not key:
        raise AuthenticationFailed(_MISSING)
    if len(key) > API_KEY_LENGTH_MAX:
        raise AuthenticationFailed
    return key


def _decode(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode()
    except ValueError:
        raise AuthenticationFailed(_MALFORMED) from None
