-- The last changes of an actor, and of these each order once.
SELECT order_id
FROM (
    SELECT order_id, position
    FROM ledger.change
    WHERE site = $1 AND actor = $2 AND order_id IS NOT NULL
    ORDER BY position DESC
    LIMIT 20 * $3
) AS latest
GROUP BY order_id
ORDER BY max(position) DESC
LIMIT $3
