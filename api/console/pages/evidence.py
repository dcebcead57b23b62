"""Downloads for who has to be convinced: proof files, and all that is needed to check an order in one archive."""

import io
import zipfile
from datetime import UTC, datetime
from importlib.resources import files

import aiohttp_jinja2
from aiohttp import web

from api.console.timeline import the_steps
from api.console.versions import entries_of
from api.console.visitor import services_of, visitor_of
from api.console.write_out import written_out
from ledger.errors import ParamWrongValue
from ledger.ids import order_stream
from ledger.merkle.export_line import encode_export_line
from projections.history.document_shape import plain_document

_READ_ME = """What is in this archive, and how to check it without the ledger

  summary.html       what happened to the order, for reading; it proves nothing
  proof.txt          every event of the order with its place in the log, and the signed checkpoint
  events.jsonl       the same events, one JSON object a line
  checkpoint.txt     the checkpoint alone: compare it with one that somebody else kept
  verifier-keys.txt  the keys of the log as this service gave them: compare them with a copy from elsewhere
  auditor.py         checks the proof; it needs Python 3.11 and the package cryptography

  python auditor.py proof proof.txt --key KEY

KEY is a line of verifier-keys.txt. The auditor answers OK, or names the first fault.
"""


async def bundle(request: web.Request) -> web.Response:
    """GET /console/evidence/{order-id}: the archive."""
    services, site = services_of(request), visitor_of(request).site
    order_id = request.match_info["id"]
    entries = await entries_of(request, order_id)
    proof = await services.proofs.stream(site, order_stream(order_id))
    checkpoint = await services.proofs.checkpoint(site)
    keys = services.proofs.keys(site)
    summary = aiohttp_jinja2.render_string(
        "evidence.html",
        request,
        {
            "order": entries[-1].after,
            "site": site,
            "origin": keys.origin,
            "steps": the_steps(entries),
            "lines": written_out(plain_document(entries[-1].after)),
            "checkpoint": checkpoint,
        },
    )
    records = [entry.record for entry in entries]
    members = {
        "READ-ME.txt": _READ_ME.encode(),
        "summary.html": summary.encode(),
        "proof.txt": proof,
        "events.jsonl": b"".join(encode_export_line(record.position, record.body) for record in records),
        "checkpoint.txt": checkpoint.note,
        "verifier-keys.txt": "".join(f"{key.verifier}\n" for key in keys.keys).encode(),
        "auditor.py": (files("ledger.merkle") / "auditor.py").read_bytes(),
    }
    return _download(_archive(members, services.clock_ms()), "application/zip", f"{_file_name(order_id)}-evidence.zip")


async def order_proof(request: web.Request) -> web.Response:
    """GET /console/proofs/orders/{order-id}: the proof file of an order."""
    services, site = services_of(request), visitor_of(request).site
    order_id = request.match_info["id"]
    proof = await services.proofs.stream(site, order_stream(order_id))
    return _download(proof, "text/plain", f"{_file_name(order_id)}-proof.txt")


async def event_proof(request: web.Request) -> web.Response:
    """GET /console/proofs/events/{position}: the proof file of one event."""
    text = request.match_info["position"]
    if not (text.isascii() and text.isdigit() and len(text) < 17):
        raise ParamWrongValue("should be a position of the log", param="position")
    proof = await services_of(request).proofs.event(visitor_of(request).site, position=int(text))
    return _download(proof, "text/plain", f"event-{text}-proof.txt")


def _archive(members: dict[str, bytes], now_ms: int) -> bytes:
    moment = datetime.fromtimestamp(now_ms / 1000, UTC).timetuple()[:6]
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, moment), data, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def _download(body: bytes, content_type: str, name: str) -> web.Response:
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=body, content_type=content_type, headers=disposition)


def _file_name(order_id: str) -> str:
    """The id as far as it can be the name of a file anywhere."""
    kept = "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "_" for char in order_id)
    return f"order-{kept[:60]}"
