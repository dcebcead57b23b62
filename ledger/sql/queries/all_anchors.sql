-- Over all sites and for each of these places: when it took a checkpoint last, and since when the oldest event waits
-- for an anchor there.
SELECT
    wanted.place,
    max(latest.anchored_at) AS anchored_at,
    min(waiting.recorded_at) AS unanchored_since
FROM ledger.head
CROSS JOIN unnest($1::text[]) AS wanted (place)
LEFT JOIN LATERAL (
    SELECT anchor.size, anchor.anchored_at
    FROM ledger.anchor
    WHERE anchor.site = head.site AND anchor.place = wanted.place
    ORDER BY anchor.size DESC
    LIMIT 1
) AS latest ON true
LEFT JOIN LATERAL (
    SELECT event.recorded_at
    FROM ledger.event
    WHERE
        coalesce(latest.size, 0) < head.position
        AND event.site = head.site
        AND event.position = coalesce(latest.size, 0) + 1
    LIMIT 1
) AS waiting ON true
GROUP BY wanted.place
ORDER BY wanted.place
