SELECT event.stream, event.version, event.type, event.recorded_at, event.event_id, event.leaf, event.body, event.position
FROM unnest($2::text[], $3::integer[]) AS wanted (stream, after)
JOIN ledger.event ON event.site = $1 AND event.stream = wanted.stream AND event.version > wanted.after
ORDER BY event.stream, event.version
