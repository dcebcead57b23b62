-- The index of the log behind a position ($2) and up to another ($3), or to the end; no more than $4 rows.
SELECT
    position, recorded_at, latest_at, type, actor, source, request_id, order_id, invoice_id, business_entity_id,
    causation_id, correlation_id
FROM ledger.change
WHERE site = $1 AND position > $2 AND position <= coalesce($3::bigint, 9223372036854775807)
ORDER BY position
LIMIT $4
