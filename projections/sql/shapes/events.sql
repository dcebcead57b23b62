-- The next events of orders in the order of their list. ``streams`` are the values of the columns that an index pins,
-- each read in its order; what is merged of them is complete, because none is read less far than the whole. A read
-- begins behind one place and ends with one second: with two bounds at its beginning, PostgreSQL might go to the
-- further one and step over all that is between them.
SELECT change.second, change.position
FROM {streams}LATERAL (
    SELECT recorded_at / 1000 AS second, position
    FROM ledger.change
    WHERE
        {pinned}
        AND type LIKE 'order.%'
        AND (recorded_at / 1000, position) {beyond} ($2, $3)
        AND recorded_at / 1000 {until} $4
        AND position <= $5
    ORDER BY recorded_at / 1000 {direction}, position {direction}
    LIMIT $6
) AS change
ORDER BY change.second {direction}, change.position {direction}
LIMIT $6
