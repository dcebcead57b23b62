"""The documented ways to tamper, each with who could do it and the fault that must name it.

The first is the control: nothing is done, and nothing may be found. The last is an honest limit: it cannot be found,
and verification must say of these events that no anchor covers them (docs/decisions/0010-signing-and-anchoring.md).
"""

from ops.drill import index_tamperings as index
from ops.drill import log_tamperings as log
from ops.drill import proof_tamperings as proof
from ops.drill import view_tamperings as view
from ops.drill.tampering import By, Kind, Tampering, Where
from ops.drill.victim import Victim


async def _nothing(_: Victim) -> Where:
    return {}


CONTROL = Tampering("control", "nothing at all", By.NOBODY, (), _nothing, kind=Kind.CONTROL)

LIMIT = Tampering(
    "rewrite-unanchored",
    "rewrite what came after the last anchor, sign it with the keys, put the new checkpoint beside them, and make the "
    "index of the log anew",
    By.OWNER_OF_BOTH,
    (),
    proof.rewrite_unanchored,
    kind=Kind.LIMIT,
)

ATTACKS: tuple[Tampering, ...] = (
    Tampering("edit-body", "edit the body of an event", By.OWNER, ("leaf_differs",), log.edit_body),
    Tampering(
        "edit-body-and-leaf", "edit a body, and its leaf to fit", By.OWNER, ("link_breaks",), log.edit_body_and_leaf
    ),
    Tampering(
        "edit-body-and-links",
        "edit a body, its leaf, and all links of the stream that follow",
        By.OWNER,
        ("root_differs",),
        log.edit_body_and_links,
    ),
    Tampering("edit-time", "edit the column recorded_at alone", By.OWNER, ("column_differs",), log.edit_time),
    Tampering("edit-type", "edit the column type alone", By.OWNER, ("column_differs",), log.edit_type),
    Tampering("edit-stream", "edit the column stream alone", By.OWNER, ("column_differs",), log.edit_stream),
    Tampering("delete-event", "delete an event", By.OWNER, ("position_breaks",), log.delete_event),
    Tampering(
        "delete-and-close", "delete an event and close the gap", By.OWNER, ("version_breaks",), log.delete_and_close
    ),
    Tampering(
        "delete-last-and-close",
        "delete the last event of a stream and close the gap",
        By.OWNER,
        ("root_differs",),
        log.delete_last_and_close,
    ),
    Tampering("insert-event", "insert an event that never happened", By.OWNER, ("root_differs",), log.insert_event),
    Tampering("reorder", "let two events change places", By.OWNER, ("root_differs",), log.reorder),
    Tampering("truncate", "cut off the end of the log", By.OWNER, ("ahead_of_log",), log.truncate),
    Tampering("move-head", "move the head of the site", By.OWNER, ("ahead_of_log",), log.move_head),
    Tampering(
        "rewrite-and-sign-own",
        "rewrite everything from an event on, and sign it with a key of one's own",
        By.OWNER,
        ("key_unknown",),
        proof.rewrite_and_sign_with_another_key,
    ),
    Tampering(
        "rewrite-and-sign",
        "rewrite everything from an event on, sign it with the keys, and put the new checkpoint beside them",
        By.OWNER_OF_BOTH,
        ("root_differs",),
        proof.rewrite_and_sign,
    ),
    Tampering(
        "rewrite-and-sign-copy",
        "rewrite what came after the last anchor, and sign it with a copy of the keys",
        By.THIEF,
        ("root_differs",),
        proof.rewrite_and_sign_elsewhere,
    ),
    Tampering("edit-checkpoint", "edit a checkpoint", By.OWNER, ("signature_bad",), proof.edit_checkpoint),
    Tampering(
        "replace-checkpoint",
        "replace a checkpoint by one that is signed by somebody else",
        By.OWNER,
        ("key_unknown",),
        proof.sign_checkpoint_with_another_key,
    ),
    Tampering("edit-anchor", "edit an anchor", By.FILES, ("signature_bad",), proof.edit_anchor),
    Tampering("edit-tile", "edit a tile", By.OWNER, ("tile_differs",), proof.edit_tile),
    Tampering("edit-document", "edit an order as the API shows it", By.OWNER, ("view_differs",), view.edit_document),
    Tampering("edit-status", "edit the status that lists filter by", By.OWNER, ("view_differs",), view.edit_status),
    Tampering("hide-order", "delete an order from the view", By.OWNER, ("view_differs",), view.hide_order),
    Tampering("invent-order", "put an order into the view", By.OWNER, ("view_differs",), view.invent_order),
    Tampering(
        "edit-past-order",
        "edit an order as lists of the past show it",
        By.OWNER,
        ("version_differs",),
        index.edit_past_order,
    ),
    Tampering(
        "hide-past-order",
        "delete an order from lists of the past",
        By.OWNER,
        ("version_differs",),
        index.hide_past_order,
    ),
    Tampering(
        "invent-past-order",
        "put an order into lists of the past",
        By.OWNER,
        ("version_differs",),
        index.invent_past_order,
    ),
    Tampering(
        "edit-past-document",
        "edit the document of an order as it was",
        By.OWNER,
        ("past_document_differs",),
        index.edit_past_document,
    ),
    Tampering(
        "edit-past-times",
        "edit the times by which the past is looked up",
        By.OWNER,
        ("version_times_differ",),
        index.edit_past_times,
    ),
    Tampering(
        "blame-in-index",
        "edit who did it, in the index that the log is filtered by",
        By.OWNER,
        ("change_differs",),
        index.blame_another,
    ),
    Tampering(
        "hide-in-index",
        "delete an event from the index that the log is filtered by",
        By.OWNER,
        ("change_differs",),
        index.hide_event,
    ),
    Tampering(
        "rewind-index",
        "let that index say that it has not come to its last event",
        By.OWNER,
        ("change_differs",),
        index.rewind,
    ),
    Tampering(
        "advance-index",
        "let that index say that it has come past the end of the log",
        By.OWNER,
        ("view_ahead",),
        index.advance,
    ),
    Tampering(
        "restore-backup",
        "restore an old backup of the database",
        By.RESTORER,
        ("ahead_of_log",),
        log.restore_backup,
        on_backup=True,
    ),
    Tampering(
        "restore-and-go-on",
        "restore an old backup, and go on recording until the log is as long as before",
        By.RESTORER,
        ("root_differs",),
        log.restore_and_go_on,
        on_backup=True,
    ),
)

TAMPERINGS: tuple[Tampering, ...] = (CONTROL, *ATTACKS, LIMIT)
