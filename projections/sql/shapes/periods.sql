-- A page of a range of {time}, in the order of creation (schema/008_list_indexes_by_period.sql and 017).
--
-- `period` goes through the periods of creation in the order of the page, and counts the wanted rows among the first
-- {look_max} that each has of the range. After a period without any it looks for the next of eight that has some, and
-- begins at the next period that has orders at all, so that years without orders cost one step. It stops as soon as
-- there are enough, or where it has looked at {rows_max} rows: then one row says `is_cut`. Then those periods are read
-- that have wanted rows, or may have.
--
-- OFFSET 0 keeps the planner from moving conditions into a part: rows of a period are read from the one index that
-- has periods, whatever else is asked of them, and are counted once.
SELECT
    key.sort_value,
    key.id,
    key.is_cut,
    (SELECT document FROM {table} AS shown WHERE shown.site = $1 AND shown.id = key.id AND {is_shown}) AS document
FROM (
    SELECT key.sort_value, key.id, key.is_cut
    FROM {streams} LATERAL (
        WITH RECURSIVE period AS (
            SELECT
                {first}::bigint {back} 1 AS number,
                0::bigint AS looked,
                0::bigint AS matches,
                0::bigint AS looked_so_far,
                0::bigint AS found
            UNION ALL
            SELECT
                step.number,
                step.looked,
                step.matches,
                period.looked_so_far + step.looked,
                period.found + step.matches
            FROM period
            CROSS JOIN LATERAL (
                SELECT
                    coalesce(present.number, begin.number {on} 7) AS number,
                    rows.looked,
                    rows.matches
                FROM (
                    SELECT
                        CASE WHEN period.looked > 0 THEN period.number {on} 1 ELSE (
                            SELECT created_at >> {bits}
                            FROM {table}
                            WHERE {pinned} AND {time} IS NOT NULL AND created_at >> {bits} {behind} period.number
                            ORDER BY created_at >> {bits} {direction}
                            LIMIT 1
                        ) END AS number
                    OFFSET 0
                ) AS begin
                LEFT JOIN LATERAL (
                    SELECT each.number
                    FROM generate_series(begin.number, begin.number {on} 7, {on} 1) AS each (number)
                    WHERE period.looked > 0 OR EXISTS (
                        SELECT FROM {table} WHERE {pinned} AND created_at >> {bits} = each.number AND {range} OFFSET 0
                    )
                    LIMIT 1
                ) AS present ON true
                CROSS JOIN LATERAL (
                    SELECT count(*) AS looked, count(*) FILTER (WHERE {conditions}) AS matches
                    FROM (
                        SELECT *
                        FROM {table}
                        WHERE {pinned} AND created_at >> {bits} = present.number AND {range}
                        LIMIT {look_max}
                    ) AS row
                ) AS rows
                WHERE begin.number {until} {last}
                OFFSET 0
            ) AS step
            WHERE period.found < {limit} AND period.looked_so_far < {rows_max}
        ), ending AS (
            SELECT max(found) < {limit} AND max(looked_so_far) >= {rows_max} AS is_cut
            FROM period
        )
        SELECT NULL::bigint AS sort_value, NULL AS id, true AS is_cut
        FROM ending
        WHERE ending.is_cut
        UNION ALL
        SELECT row.created_at, row.id, false
        FROM ending
        CROSS JOIN period
        CROSS JOIN LATERAL (
            SELECT created_at, id
            FROM (
                SELECT *
                FROM {table}
                WHERE {pinned} AND created_at >> {bits} = period.number AND {range}
                OFFSET 0
            ) AS row
            WHERE {conditions}
            ORDER BY created_at {direction}, id {direction}
            LIMIT {limit}
        ) AS row
        WHERE NOT ending.is_cut AND (period.matches > 0 OR period.looked = {look_max})
    ) AS key
    ORDER BY key.is_cut DESC, key.sort_value {direction}, key.id {direction}
    LIMIT {limit}
) AS key
ORDER BY key.is_cut DESC, key.sort_value {direction}, key.id {direction}
