-- Stream by stream, each in the order of its index: a join could read the whole log of the site instead, and would,
-- for as long as a plan lives that was made when the log was empty.
SELECT event.stream, event.version, event.type, event.recorded_at, event.event_id, event.leaf, event.body, event.position
FROM unnest($2::text[], $3::integer[]) AS wanted (stream, after)
CROSS JOIN LATERAL (
    SELECT stream, version, type, recorded_at, event_id, leaf, body, position
    FROM ledger.event
    WHERE site = $1 AND stream = wanted.stream AND version > wanted.after
    ORDER BY stream, version
) AS event
ORDER BY event.stream, event.version
