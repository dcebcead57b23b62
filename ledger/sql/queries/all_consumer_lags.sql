-- How far each of these consumers is behind, over all sites. One that has never moved on a site is behind by all of it.
SELECT
    wanted.name,
    sum(head.position - coalesce(consumer.position, 0)) AS behind,
    max(head.position - coalesce(consumer.position, 0)) AS behind_max,
    min(waiting.recorded_at) AS waiting_since
FROM ledger.head
CROSS JOIN unnest($1::text[]) AS wanted (name)
LEFT JOIN ledger.consumer ON consumer.site = head.site AND consumer.name = wanted.name
LEFT JOIN LATERAL (
    SELECT event.recorded_at
    FROM ledger.event
    WHERE
        coalesce(consumer.position, 0) < head.position
        AND event.site = head.site
        AND event.position = coalesce(consumer.position, 0) + 1
    -- A bound keeps the planner from a join: without one it would look for an event behind the last one of each log.
    LIMIT 1
) AS waiting ON true
GROUP BY wanted.name
ORDER BY wanted.name
