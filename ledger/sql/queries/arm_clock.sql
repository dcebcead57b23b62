-- The dates of these orders that may have to be told, as the orders are now; others of theirs are forgotten.
WITH armed AS (
    SELECT present.id, dated.date, dated.due_at
    FROM ledger.order_view AS present
    CROSS JOIN LATERAL (
        VALUES ('order_date', present.order_date), ('shipping_date', present.shipping_date)
    ) AS dated (date, due_at)
    WHERE present.site = $1
        AND present.id = ANY ($2::text[])
        AND NOT present.deleted
        AND present.status = ANY ($3::text[])
        AND dated.due_at IS NOT NULL
), forgotten AS (
    DELETE FROM ledger.order_clock
    WHERE site = $1
        AND order_id = ANY ($2::text[])
        AND NOT EXISTS (SELECT FROM armed WHERE armed.id = order_clock.order_id AND armed.date = order_clock.date)
)
INSERT INTO ledger.order_clock (site, order_id, date, due_at, look_at)
SELECT $1, id, date, due_at, due_at
FROM armed
ON CONFLICT (site, order_id, date) DO UPDATE SET due_at = excluded.due_at, look_at = excluded.look_at
