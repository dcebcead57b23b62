-- How many of the first $2 events of a site stand before all that were recorded at each of the times $3 or later, in
-- their order: the last position whose `latest_at` is less. It never falls from one position to the next, and positions
-- have no gaps, so each is found by halving. OFFSET 0: one row by its key at a time, however large the planner takes
-- the table to be.
WITH RECURSIVE halving (place, at, low, high) AS (
    SELECT asked.place, asked.at, 0::bigint, $2::bigint
    FROM unnest($3::bigint[]) WITH ORDINALITY AS asked (at, place)
    UNION ALL
    SELECT
        halving.place,
        halving.at,
        CASE WHEN change.latest_at < halving.at THEN middle.position ELSE halving.low END,
        CASE WHEN change.latest_at < halving.at THEN halving.high ELSE middle.position - 1 END
    FROM halving
    CROSS JOIN LATERAL (SELECT (halving.low + halving.high + 1) / 2 AS position) AS middle
    CROSS JOIN LATERAL (
        SELECT latest_at FROM ledger.change WHERE site = $1 AND position = middle.position OFFSET 0
    ) AS change
    WHERE halving.low < halving.high
)
SELECT low FROM halving WHERE low = high ORDER BY place
