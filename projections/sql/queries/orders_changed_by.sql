-- The last changes of an actor, and of these each order once; whether these changes may not be all of them.
SELECT order_id, sum(count(*)) OVER () >= 20 * $3 AS is_cut
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
