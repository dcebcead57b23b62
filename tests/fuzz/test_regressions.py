"""What fuzzing has found, each as one request."""

import gzip
import logging

import pytest

from tests.fuzz.playground import FORM, KEY, ORDERS
from tests.fuzz.service import Service
from tests.fuzz.wire import Answer, Request

BODY = b"invoice_id=inv_0001"


def answer(service: Service, request: Request) -> Answer:
    [done] = service.play([request])
    assert done.answer
    return done.answer


@pytest.mark.parametrize("headers", [(KEY,), ()])
def test_a_target_without_a_slash_is_refused_in_shape(
    service: Service, headers: tuple[tuple[bytes, bytes], ...]
) -> None:
    assert answer(service, Request(b"OPTIONS", b"*", headers)).status == 404


@pytest.mark.parametrize("encoding", [b"gzip", b"deflate"])
@pytest.mark.parametrize("body", [BODY, gzip.compress(BODY) + b"more", b"\x1f\x8b"], ids=["plain", "too long", "cut"])
def test_a_body_that_is_not_compressed_as_it_says_is_refused(service: Service, encoding: bytes, body: bytes) -> None:
    headers = (KEY, FORM, (b"Content-Encoding", encoding))
    assert answer(service, Request(b"POST", ORDERS, headers, body)).status == 400


@pytest.mark.parametrize(
    "request_",
    [
        Request(
            raw=b"GET /api/v2/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Basic c2VjcmV0Og==\r\n folded: x\r\n\r\n"
        ),
        Request(b"POST", ORDERS, (FORM, (b"Content-Encoding", b"gzip")), BODY),
        Request(b"POST", ORDERS, (KEY, FORM, (b"Content-Encoding", b"gzip")), BODY),
        Request(b"POST", ORDERS, (KEY, (b"Transfer-Encoding", b"chunked")), b"ZZ\r\n", framed=False),
    ],
    ids=["header", "encoding of a stranger", "encoding", "chunk"],
)
def test_what_is_no_http_does_not_fill_the_log(
    service: Service, caplog: pytest.LogCaptureFixture, request_: Request
) -> None:
    with caplog.at_level(logging.INFO):
        assert answer(service, request_).status in {400, 401}
    assert not caplog.records
