-- The same, but no stream reads more than {rows_max} rows. Where one did, its last row takes part in its place; if it
-- gets onto the page, rows may be missing from it, and `is_cut` says so on every row, without the documents.
-- {conditions} say what is read, in the order of an index which is that of the page; {fits}, which of these rows are
-- wanted. Their numbers also keep the planner from reading all of another index and sorting it.
SELECT
    key.sort_value,
    key.id,
    key.is_cut,
    (
        SELECT document
        FROM {table} AS shown
        WHERE shown.site = $1 AND shown.id = key.id AND {is_shown} AND NOT key.is_cut
    ) AS document
FROM (
    SELECT key.sort_value, key.id, bool_or(key.is_cut) OVER () AS is_cut
    FROM (
        SELECT key.sort_value, key.id, key.is_cut
        FROM {streams} LATERAL (
            SELECT step.sort_value, step.id, step.is_cut
            FROM (
                SELECT
                    {sort} AS sort_value,
                    id,
                    {fits} AS fits,
                    row_number() OVER (ORDER BY {read_order}) = {rows_max} AS is_cut
                FROM {table}
                WHERE {conditions}
                ORDER BY {read_order}
                LIMIT {rows_max}
            ) AS step
            WHERE step.fits OR step.is_cut
            LIMIT {limit}
        ) AS key
        ORDER BY key.sort_value {direction}, key.id {direction}
        LIMIT {limit}
    ) AS key
) AS key
ORDER BY key.sort_value {direction}, key.id {direction}
