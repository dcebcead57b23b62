-- Orders of each status that are not deleted, counted up to $3: what is beyond is many.
SELECT
    wanted.status,
    (
        SELECT count(*)
        FROM (
            SELECT FROM ledger.order_view
            WHERE site = $1 AND status = wanted.status AND NOT deleted
            LIMIT $3
        ) AS found
    ) AS orders
FROM unnest($2::text[]) AS wanted (status)
