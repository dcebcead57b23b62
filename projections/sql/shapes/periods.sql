-- A page of a range of {time}, in the order of creation (schema/008_list_indexes_by_period.sql).
--
-- `period` goes through the periods of creation that hold any order, in the order of the page, counts in each the
-- wanted rows, and stops as soon as there are enough. The next one is that of the first row at or behind the near end
-- of the range in the neighbouring period, so that periods without orders cost nothing.
SELECT
    key.sort_value,
    key.id,
    (SELECT document FROM ledger.order_view AS shown WHERE shown.site = $1 AND shown.id = key.id) AS document
FROM (
    SELECT key.sort_value, key.id
    FROM {streams} LATERAL (
        WITH RECURSIVE period AS (
            SELECT {before_first}::bigint AS number, 0::bigint AS matches, 0::bigint AS found
            UNION ALL
            SELECT next.number, next.matches, period.found + next.matches
            FROM period
            CROSS JOIN LATERAL (
                SELECT
                    seek.number,
                    (
                        SELECT count(*)
                        FROM (
                            SELECT
                            FROM ledger.order_view
                            WHERE {conditions} AND created_at >> 18 = seek.number
                            LIMIT {limit}
                        ) AS wanted
                    ) AS matches
                FROM (
                    SELECT created_at >> 18 AS number
                    FROM ledger.order_view
                    WHERE {pinned}
                        AND {time} IS NOT NULL
                        AND (created_at >> 18, {time}) {reaches} (period.number {step} 1, {nearest})
                        AND created_at >> 18 {until} {last}
                    ORDER BY created_at >> 18 {direction}, {time} {direction}
                    LIMIT 1
                ) AS seek
                OFFSET 0 -- Keeps the planner from counting once for each use of the number.
            ) AS next
            WHERE period.found < {limit}
        )
        SELECT within.sort_value, within.id
        FROM period
        CROSS JOIN LATERAL (
            SELECT created_at AS sort_value, id
            FROM ledger.order_view
            WHERE {conditions} AND created_at >> 18 = period.number
            ORDER BY created_at {direction}, id {direction}
            LIMIT {limit}
        ) AS within
        WHERE period.matches > 0
    ) AS key
    ORDER BY key.sort_value {direction}, key.id {direction}
    LIMIT {limit}
) AS key
ORDER BY key.sort_value {direction}, key.id {direction}
