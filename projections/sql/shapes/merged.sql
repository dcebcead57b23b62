-- A page merged from several reads, each in the order of an index: one for every combination of {streams}.
SELECT
    key.sort_value,
    key.id,
    (SELECT document FROM {table} AS shown WHERE shown.site = $1 AND shown.id = key.id AND {is_shown}) AS document
FROM (
    SELECT key.sort_value, key.id
    FROM {streams} LATERAL (
        SELECT {sort} AS sort_value, id
        FROM {table}
        WHERE {conditions}
        ORDER BY {sort} {direction}, id {direction}
        LIMIT {limit}
    ) AS key
    ORDER BY key.sort_value {direction}, key.id {direction}
    LIMIT {limit}
) AS key
ORDER BY key.sort_value {direction}, key.id {direction}
