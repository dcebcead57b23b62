"""The credentials of a request, from HTTP basic authentication (chargebee/conventions.md, section 2).

They are never logged or repeated in an error; they are looked up by their digest (``ledger.sites.digest_of``). An API
key has no colon and the credentials of the intake have one, so the one is never taken for the other.
"""

import base64

from ledger.errors import AuthenticationFailed
from ledger.limits import API_KEY_LENGTH_MAX, AUTHORIZATION_LENGTH_MAX

_MISSING = "Sorry, authentication failed. Please send your api key as the user name of HTTP basic authentication"
_NO_INTAKE_CREDENTIALS = "Sorry, authentication failed. Please send the user name and the password of the intake"
_MALFORMED = "Sorry, authentication failed. The authorization header is not valid HTTP basic authentication"


def api_key_of(authorization: str | None) -> str:
    """The user name of the header; a password is ignored, and so is a missing colon (the PHP and Go SDKs send none).

    Raises:
        AuthenticationFailed: no header, another scheme, not readable, or no key that could exist.
    """
    key = _credentials(authorization, _MISSING).partition(":")[0]
    if not key:
        raise AuthenticationFailed(_MISSING)
    if len(key) > API_KEY_LENGTH_MAX:
        raise AuthenticationFailed
    return key


def intake_credentials_of(authorization: str | None) -> str:
    """User name and password of the header, with the colon between them.

    Raises:
        AuthenticationFailed: no header, another scheme, not readable, or one of the two is missing.
    """
    credentials = _credentials(authorization, _NO_INTAKE_CREDENTIALS)
    user, _, password = credentials.partition(":")
    if not user or not password:
        raise AuthenticationFailed(_NO_INTAKE_CREDENTIALS)
    return credentials


def _credentials(authorization: str | None, missing: str) -> str:
    if not authorization:
        raise AuthenticationFailed(missing)
    if len(authorization) > AUTHORIZATION_LENGTH_MAX:
        raise AuthenticationFailed(_MALFORMED)
    scheme, _, credentials = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        raise AuthenticationFailed(missing)
    return _decode(credentials.strip())


def _decode(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode()
    except ValueError:
        raise AuthenticationFailed(_MALFORMED) from None
