-- Over all sites: when a checkpoint was signed last, and since when the oldest event waits for one.
SELECT max(latest.signed_at) AS signed_at, min(waiting.recorded_at) AS unsigned_since
FROM ledger.head
LEFT JOIN LATERAL (
    SELECT checkpoint.size, checkpoint.signed_at
    FROM ledger.checkpoint
    WHERE checkpoint.site = head.site
    ORDER BY checkpoint.size DESC
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
