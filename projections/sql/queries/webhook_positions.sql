-- An event has five deliveries at most, so of each status the rows that are read hold enough events.
SELECT DISTINCT one.position
FROM unnest($2::text[]) AS wanted (status)
CROSS JOIN LATERAL (
    SELECT position
    FROM ledger.webhook_delivery
    WHERE site = $1 AND status = wanted.status AND position BETWEEN $3 AND $4
    ORDER BY position
    LIMIT 5 * $5::bigint
) AS one
ORDER BY one.position
LIMIT $5
