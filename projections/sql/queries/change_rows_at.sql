SELECT
    position, recorded_at, type, actor, source, request_id, order_id, invoice_id, business_entity_id,
    causation_id, correlation_id
FROM ledger.change
WHERE site = $1 AND position = ANY ($2::bigint[]) AND position <= $3
