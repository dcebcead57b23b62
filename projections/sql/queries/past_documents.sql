SELECT event.stream, event.body
FROM unnest($2::text[], $3::integer[]) AS wanted (stream, version)
CROSS JOIN LATERAL (
    SELECT event.stream, event.version, event.body
    FROM ledger.event
    WHERE event.site = $1 AND event.stream = wanted.stream AND event.version <= wanted.version
    OFFSET 0
) AS event
ORDER BY event.stream, event.version
