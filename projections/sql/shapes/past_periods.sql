-- A page of versions that held at a moment, in the order of creation (schema/029_order_version_periods.sql).
--
-- `period` goes through the periods of creation in the order of the page, with all versions of each that are in
-- {range}, and keeps those that held and are wanted. It stops as soon as there are enough, or where it has looked at
-- {rows_max}: `is_cut` tells that rows may be missing, `held` how many were found even so. OFFSET 0 keeps each version
-- from being looked at more than once.
WITH RECURSIVE period AS (
    SELECT
        {first}::bigint {back} 1 AS number,
        0::bigint AS looked,
        0::bigint AS found,
        false AS is_cut,
        NULL::bigint[] AS sort_values,
        NULL::text[] COLLATE "C" AS ids,
        NULL::integer[] AS versions
    UNION ALL
    SELECT
        next.number,
        period.looked + step.looked,
        period.found + step.found,
        step.looked >= {rows_max},
        step.sort_values,
        step.ids,
        step.versions
    FROM period
    CROSS JOIN LATERAL (
        SELECT created_at >> 17 AS number
        FROM ledger.order_version
        WHERE site = $1 AND created_at >> 17 {behind} period.number AND created_at >> 17 {until} {last}
        ORDER BY created_at >> 17 {direction}
        LIMIT 1
    ) AS next
    CROSS JOIN LATERAL (
        SELECT
            count(*) AS looked,
            count(*) FILTER (WHERE version.fits) AS found,
            array_agg(version.created_at) FILTER (WHERE version.fits) AS sort_values,
            array_agg(version.id) FILTER (WHERE version.fits) AS ids,
            array_agg(version.version) FILTER (WHERE version.fits) AS versions
        FROM (
            SELECT created_at, id, version, {conditions} AS fits
            FROM (
                SELECT {columns}
                FROM ledger.order_version
                WHERE site = $1 AND created_at >> 17 = next.number AND {range}
                LIMIT {rows_max}
            ) AS looked
            OFFSET 0
        ) AS version
    ) AS step
    WHERE period.found < {limit} AND period.looked < {rows_max} AND NOT period.is_cut
), ending AS (
    SELECT
        bool_or(is_cut) OR (max(found) < {limit} AND max(looked) >= {rows_max}) AS is_cut,
        max(looked) AS looked,
        max(found) AS held
    FROM period
)
SELECT ending.is_cut, ending.looked, ending.held, found.sort_value, found.id, found.version
FROM ending
LEFT JOIN (
    SELECT version.sort_value, version.id, version.version
    FROM period
    CROSS JOIN LATERAL unnest(period.sort_values, period.ids, period.versions) AS version (sort_value, id, version)
    ORDER BY version.sort_value {direction}, version.id {direction}
    LIMIT {limit}
) AS found ON NOT ending.is_cut
