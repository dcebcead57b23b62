-- A page of versions that held at a moment, of a range of creation and in the order of updates: merged from the periods
-- of the range (schema/029_order_version_periods.sql), each read in the order of the page, at most {rows_max} of it.
-- Where one was cut short, its last version takes part in its place, and `is_cut` says so on every row if it gets onto
-- the page.
SELECT key.is_cut, key.sort_value, key.id, key.version
FROM (
    SELECT key.sort_value, key.id, key.version, bool_or(key.is_cut) OVER () AS is_cut
    FROM (
        SELECT key.sort_value, key.id, key.version, key.is_cut
        FROM generate_series({first}::bigint, {last}::bigint) AS period (number)
        CROSS JOIN LATERAL (
            SELECT step.sort_value, step.id, step.version, step.is_cut
            FROM (
                SELECT
                    updated_at AS sort_value,
                    id,
                    version,
                    {conditions} AS fits,
                    row_number() OVER (ORDER BY updated_at {direction}, id {direction}) = {rows_max} AS is_cut
                FROM ledger.order_version
                WHERE site = $1 AND created_at >> 17 = period.number AND {range}
                ORDER BY updated_at {direction}, id {direction}
                LIMIT {rows_max}
            ) AS step
            WHERE step.fits OR step.is_cut
            LIMIT {limit}
        ) AS key
        ORDER BY key.sort_value {direction}, key.id {direction}
        LIMIT {limit}
    ) AS key
) AS key
