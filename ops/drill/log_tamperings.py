"""What can be done to the events themselves. Each function does it and says what a fault must name."""

from ledger.envelope import leaf_hash
from ops.drill.forgery import Forged, blamed_on_another, rewritten, under_another_name
from ops.drill.tampering import Where
from ops.drill.victim import Victim

# Two events that follow each other in a stream, with no checkpoint in between: the later one is what gives it away.
_PAIR = """
SELECT event.position, event.stream, event.version, event.body, next.position AS next
FROM ledger.event
JOIN ledger.event AS next ON next.site = event.site AND next.stream = event.stream AND next.version = event.version + 1
WHERE event.site = $1 AND next.position <= (
    SELECT min(size) FROM ledger.checkpoint WHERE checkpoint.site = event.site AND checkpoint.size >= event.position
)
ORDER BY abs(event.position - $2), event.position
LIMIT 1
"""
_LAST_OF_STREAM = """
SELECT event.position
FROM ledger.event
WHERE event.site = $1 AND event.position <= $2 AND NOT EXISTS (
    SELECT FROM ledger.event AS later
    WHERE later.site = event.site AND later.stream = event.stream AND later.version > event.version
)
ORDER BY event.position DESC
LIMIT 1
"""
_NEIGHBOURS = """
SELECT event.position
FROM ledger.event
JOIN ledger.event AS next ON next.site = event.site AND next.position = event.position + 1
WHERE event.site = $1 AND next.stream <> event.stream AND next.position <= $3
ORDER BY abs(event.position - $2), event.position
LIMIT 1
"""
_BODY = "SELECT body FROM ledger.event WHERE site = $1 AND position = $2"
_FIRST_OF_STREAM = "SELECT event_id, body FROM ledger.event WHERE site = $1 AND version = 1 ORDER BY position LIMIT 1"
_DELETE = "DELETE FROM ledger.event WHERE site = $1 AND position = $2"
_INSERT = """
INSERT INTO ledger.event (site, position, stream, version, type, recorded_at, event_id, leaf, body)
SELECT first.site, made.position, made.stream, 1, first.type, first.recorded_at, made.event_id, made.leaf, made.body
FROM ledger.event AS first,
    unnest($2::bigint[], $3::text[], $4::text[], $5::bytea[], $6::bytea[])
        AS made (position, stream, event_id, leaf, body)
WHERE first.site = $1 AND first.event_id = $7
"""
_SET_POSITION = "UPDATE ledger.event SET position = $3 WHERE site = $1 AND position = $2"
_TAIL = "DELETE FROM ledger.event WHERE site = $1 AND position > $2"
_HEAD = "UPDATE ledger.head SET position = $2 WHERE site = $1"


async def edit_body(victim: Victim) -> Where:
    """The body alone."""
    row = await victim.found(_BODY, "events", victim.place)
    body = blamed_on_another(row["body"])
    await victim.change("UPDATE ledger.event SET body = $3 WHERE site = $1 AND position = $2", victim.place, body)
    return {"position": victim.place}


async def edit_body_and_leaf(victim: Victim) -> Where:
    """The next event of the stream still names the old leaf."""
    row = await victim.found(_PAIR, "stream with two events near each other", victim.place)
    await victim.put([Forged(row["position"], blamed_on_another(row["body"]))])
    return {"position": row["next"], "stream": row["stream"]}


async def edit_body_and_links(victim: Victim) -> Where:
    """The stream is all right in itself; the tree is not the one that was signed."""
    row = await victim.found(_PAIR, "stream with two events near each other", victim.place)
    position = row["position"]
    await victim.put(rewritten(await victim.events(position), range(position, position + 1)))
    return {"size": await victim.first_checkpoint(position)}


async def edit_time(victim: Victim) -> Where:
    """When it was recorded."""
    await victim.change(
        "UPDATE ledger.event SET recorded_at = recorded_at + 1 WHERE site = $1 AND position = $2", victim.place
    )
    return {"position": victim.place, "column": "recorded_at"}


async def edit_type(victim: Victim) -> Where:
    """What kind of event it was."""
    await victim.change(
        "UPDATE ledger.event SET type = type || '.altered' WHERE site = $1 AND position = $2", victim.place
    )
    return {"position": victim.place, "column": "type"}


async def edit_stream(victim: Victim) -> Where:
    """To whose history it belongs."""
    await victim.change(
        "UPDATE ledger.event SET stream = stream || '-other' WHERE site = $1 AND position = $2", victim.place
    )
    return {"position": victim.place, "column": "stream"}


async def delete_event(victim: Victim) -> Where:
    """It leaves a gap."""
    await victim.change(_DELETE, victim.place)
    return {"expected": victim.place, "found": victim.place + 1}


async def delete_and_close(victim: Victim) -> Where:
    """The next event of its stream is the one of a version too late."""
    row = await victim.found(_PAIR, "stream with two events near each other", victim.place)
    await victim.change(_DELETE, row["position"])
    await victim.move(row["position"] + 1, -1)
    return {"position": row["next"] - 1, "expected": row["version"], "found": row["version"] + 1}


async def delete_last_and_close(victim: Victim) -> Where:
    """No later event of the stream misses it: the tree alone does."""
    row = await victim.found(_LAST_OF_STREAM, "stream that ended", victim.stages.backup)
    size = await victim.first_checkpoint(row["position"])
    await victim.change(_DELETE, row["position"])
    await victim.move(row["position"] + 1, -1)
    return {"size": size}


async def insert_event(victim: Victim) -> Where:
    """The first event of a stream that never was, right in itself."""
    size = await victim.first_checkpoint(victim.place)
    await victim.move(victim.place, 1)
    await _insert(victim, range(victim.place, victim.place + 1))
    return {"size": size}


async def reorder(victim: Victim) -> Where:
    """Two events of different streams change places; each is right in itself."""
    row = await victim.found(_NEIGHBOURS, "neighbours of different streams", victim.place, victim.stages.anchored)
    position, away = row["position"], victim.stages.size + 1
    for old, new in ((position, away), (position + 1, position), (away, position + 1)):
        await victim.change(_SET_POSITION, old, new)
    return {"size": await victim.first_checkpoint(position)}


async def truncate(victim: Victim) -> Where:
    """The end of the log, with the head set back."""
    end = victim.stages.backup + 1
    await victim.change(_TAIL, end)
    await victim.change(_HEAD, end)
    return {"log_size": end}


async def move_head(victim: Victim) -> Where:
    """So that the next event would leave a gap."""
    size = victim.stages.size
    await victim.change(_HEAD, size + 1)
    return {"source": "head of the site", "size": size + 1, "log_size": size}


async def restore_backup(victim: Victim) -> Where:
    """The database is an old one already; keys and anchors are those of today."""
    return {"log_size": victim.stages.backup}


async def restore_and_go_on(victim: Victim) -> Where:
    """Other events take the place of those that were lost."""
    await _insert(victim, range(victim.stages.backup + 1, victim.stages.size + 1))
    await victim.change(_HEAD, victim.stages.size)
    return {"size": victim.stages.middle, "source": victim.anchor_source}


async def _insert(victim: Victim, positions: range) -> None:
    """First events of streams that never were, made after a real one."""
    real = await victim.found(_FIRST_OF_STREAM, "events")
    streams = [f"order-that-never-was-{position}" for position in positions]
    event_ids = [f"ev_that_never_was_{position}" for position in positions]
    names = zip(streams, event_ids, strict=True)
    bodies = [under_another_name(real["body"], stream, event_id) for stream, event_id in names]
    leaves = [leaf_hash(body) for body in bodies]
    await victim.change(_INSERT, list(positions), streams, event_ids, leaves, bodies, real["event_id"])
