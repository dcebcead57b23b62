-- A page of a range of creation, in the order of updates: merged from the periods of creation of the range, each read
-- in the order of updates (schema/008_list_indexes_by_period.sql).
SELECT
    key.sort_value,
    key.id,
    (SELECT document FROM ledger.order_view AS shown WHERE shown.site = $1 AND shown.id = key.id) AS document
FROM (
    SELECT key.sort_value, key.id
    FROM {streams} LATERAL (
        WITH RECURSIVE period AS (
            SELECT {before_first}::bigint AS number
            UNION ALL
            SELECT next.number
            FROM period
            CROSS JOIN LATERAL (
                SELECT created_at >> 18 AS number
                FROM ledger.order_view
                WHERE {pinned} AND created_at >> 18 > period.number AND created_at >> 18 <= {last}
                ORDER BY created_at >> 18
                LIMIT 1
            ) AS next
        )
        SELECT within.sort_value, within.id
        FROM period
        CROSS JOIN LATERAL (
            SELECT updated_at AS sort_value, id
            FROM ledger.order_view
            WHERE {conditions} AND created_at >> 18 = period.number
            ORDER BY updated_at {direction}, id {direction}
            LIMIT {limit}
        ) AS within
    ) AS key
    ORDER BY key.sort_value {direction}, key.id {direction}
    LIMIT {limit}
) AS key
ORDER BY key.sort_value {direction}, key.id {direction}
