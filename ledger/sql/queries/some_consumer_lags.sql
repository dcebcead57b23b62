-- The same for each of the first sites by name.
SELECT
    head.site,
    head.position,
    wanted.name,
    head.position - coalesce(consumer.position, 0) AS behind,
    waiting.recorded_at AS waiting_since
FROM (SELECT site, position FROM ledger.head ORDER BY site LIMIT $2) AS head
CROSS JOIN unnest($1::text[]) AS wanted (name)
LEFT JOIN ledger.consumer ON consumer.site = head.site AND consumer.name = wanted.name
LEFT JOIN LATERAL (
    SELECT event.recorded_at
    FROM ledger.event
    WHERE
        coalesce(consumer.position, 0) < head.position
        AND event.site = head.site
        AND event.position = coalesce(consumer.position, 0) + 1
    LIMIT 1
) AS waiting ON true
ORDER BY head.site, wanted.name
