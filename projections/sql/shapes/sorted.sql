-- A page sorted from all rows of a part of an index, if no stream has {rows_max} of them: else none is read, and one
-- row says `is_cut`. {conditions} say what is read, {fits}, which of these rows are wanted.
WITH ending AS MATERIALIZED (
    SELECT EXISTS (
        SELECT
        FROM {streams} LATERAL (
            SELECT
            FROM {table}
            WHERE {conditions}
            ORDER BY {read_order}
            OFFSET {rows_max}::bigint - 1
            LIMIT 1
        ) AS last
    ) AS is_cut
)
SELECT
    key.sort_value,
    key.id,
    false AS is_cut,
    (SELECT document FROM {table} AS shown WHERE shown.site = $1 AND shown.id = key.id AND {is_shown}) AS document
FROM (
    SELECT key.{sort} AS sort_value, key.id
    FROM {streams} LATERAL (
        SELECT step.{sort}, step.id
        FROM (
            SELECT *
            FROM {table}
            WHERE {conditions} AND NOT (SELECT is_cut FROM ending)
            ORDER BY {read_order}
            LIMIT {rows_max}
        ) AS step
        WHERE {fits}
        ORDER BY step.{sort} {direction}, step.id {direction}
        LIMIT {limit}
    ) AS key
    ORDER BY key.{sort} {direction}, key.id {direction}
    LIMIT {limit}
) AS key
UNION ALL
SELECT NULL, NULL, true, NULL
FROM ending
WHERE ending.is_cut
ORDER BY sort_value {direction}, id {direction}
