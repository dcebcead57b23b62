-- One step through the versions in the order of updates: the next {rows_max}, and those of them that held at a moment
-- and are wanted. The answer has one row at least, which says how many were looked at and how far that came.
WITH looked AS MATERIALIZED (
    SELECT {columns}
    FROM ledger.order_version
    WHERE site = $1 AND {read}
    ORDER BY updated_at {direction}, id {direction}, version {direction}
    LIMIT {rows_max}
), furthest AS (
    SELECT updated_at, id, version
    FROM looked
    ORDER BY updated_at {back}, id {back}, version {back}
    LIMIT 1
)
SELECT
    extent.looked, furthest.updated_at AS reached_at, furthest.id AS reached_id, furthest.version AS reached_version,
    found.sort_value, found.id, found.version
FROM (SELECT count(*) AS looked FROM looked) AS extent
LEFT JOIN furthest ON true
LEFT JOIN (
    SELECT updated_at AS sort_value, id, version
    FROM looked
    WHERE {conditions}
    ORDER BY updated_at {direction}, id {direction}
    LIMIT {limit}
) AS found ON true
ORDER BY found.sort_value {direction}, found.id {direction}
