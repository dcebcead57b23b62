-- A page of a range of {time}, in the order of {sort}: merged from the periods of {time} of the range, each read in the
-- order of the page (schema/008_list_indexes_by_period.sql and 011). If these are more than {periods_max}, nothing is
-- read, and one row says `is_cut`. OFFSET 0 as in periods.sql.
SELECT
    key.sort_value,
    key.id,
    key.is_cut,
    (SELECT document FROM {table} AS shown WHERE shown.site = $1 AND shown.id = key.id AND {is_shown}) AS document
FROM (
    SELECT key.sort_value, key.id, key.is_cut
    FROM {streams} LATERAL (
        WITH RECURSIVE period AS (
            SELECT {first}::bigint - 1 AS number, 0::bigint AS step
            UNION ALL
            SELECT next.number, period.step + 1
            FROM period
            CROSS JOIN LATERAL (
                SELECT {time} >> 18 AS number
                FROM {table}
                WHERE {pinned} AND {time} >> 18 > period.number AND {time} >> 18 <= {last}
                ORDER BY {time} >> 18
                LIMIT 1
            ) AS next
            WHERE period.step <= {periods_max}
        ), ending AS (
            SELECT max(step) > {periods_max} AS is_cut
            FROM period
        )
        SELECT NULL::bigint AS sort_value, NULL AS id, true AS is_cut
        FROM ending
        WHERE ending.is_cut
        UNION ALL
        SELECT row.{sort}, row.id, false
        FROM ending
        CROSS JOIN period
        CROSS JOIN LATERAL (
            SELECT {sort}, id
            FROM (
                SELECT *
                FROM {table}
                WHERE {pinned} AND {time} >> 18 = period.number AND {start}
                ORDER BY {sort} {direction}, id {direction}
                OFFSET 0
            ) AS row
            WHERE {conditions}
            LIMIT {limit}
        ) AS row
        WHERE NOT ending.is_cut AND period.step > 0
    ) AS key
    ORDER BY key.is_cut DESC, key.sort_value {direction}, key.id {direction}
    LIMIT {limit}
) AS key
ORDER BY key.is_cut DESC, key.sort_value {direction}, key.id {direction}
