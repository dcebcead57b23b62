-- How many of the first $2 events of a site stand before all that were recorded at $3 or later: the last position whose
-- `latest_at` is less. It never falls from one position to the next, and positions have no gaps, so it is found by
-- halving.
WITH RECURSIVE halving (low, high) AS (
    SELECT 0::bigint, $2::bigint
    UNION ALL
    SELECT
        CASE WHEN change.latest_at < $3 THEN middle.position ELSE halving.low END,
        CASE WHEN change.latest_at < $3 THEN halving.high ELSE middle.position - 1 END
    FROM halving
    CROSS JOIN LATERAL (SELECT (halving.low + halving.high + 1) / 2 AS position) AS middle
    JOIN ledger.change ON change.site = $1 AND change.position = middle.position
    WHERE halving.low < halving.high
)
SELECT low FROM halving WHERE low = high
