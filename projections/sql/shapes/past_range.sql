-- A page of the versions of a range of updates that held at a moment: at most {rows_max} are looked at, and sorted.
WITH looked AS MATERIALIZED (
    SELECT {columns}
    FROM ledger.order_version
    WHERE site = $1 AND {read}
    ORDER BY updated_at, id, version
    LIMIT {rows_max}
)
SELECT extent.looked, found.sort_value, found.id, found.version
FROM (SELECT count(*) AS looked FROM looked) AS extent
LEFT JOIN (
    SELECT {sort} AS sort_value, id, version
    FROM looked
    WHERE {conditions}
    ORDER BY {sort} {direction}, id {direction}
    LIMIT {limit}
) AS found ON true
