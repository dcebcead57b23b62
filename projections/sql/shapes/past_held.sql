-- A page of the versions that held at a moment: all of them are looked at, at most {rows_max}, and sorted.
--
-- They stand at the nodes above the position, {before} up to it and {behind} behind it; what was made or replaced between
-- two positions (`early`, for times) is found by its event. OFFSET 0 and LIMIT keep the planner to this way.
WITH looked AS MATERIALIZED (
    SELECT {columns}
    FROM (
        SELECT version.*
        FROM {statuses} AS of_status (status)
        CROSS JOIN unnest({before}::bigint[]) AS node (fork)
        CROSS JOIN LATERAL (
            SELECT {columns}
            FROM ledger.order_version
            WHERE site = $1 AND status = of_status.status AND fork = node.fork AND to_position > {position}
            LIMIT {rows_max}
        ) AS version
        UNION ALL
        SELECT version.*
        FROM {statuses} AS of_status (status)
        CROSS JOIN unnest({behind}::bigint[]) AS node (fork)
        CROSS JOIN LATERAL (
            SELECT {columns}
            FROM ledger.order_version
            WHERE site = $1 AND status = of_status.status AND fork = node.fork AND from_position <= {position}
            LIMIT {rows_max}
        ) AS version{early}
    ) AS version
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
