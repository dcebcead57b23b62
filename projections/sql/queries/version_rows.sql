-- The versions that the index has of some orders; without ids, of all orders behind one ($3) and up to another ($4).
SELECT
    id, version, from_position, to_position, from_ms, to_ms, fork, is_revised, deleted, status, order_type, invoice_id,
    subscription_id, original_order_id, business_entity_id, resent_status, is_resent, created_at, updated_at, order_date,
    shipping_date, shipped_at, paid_on
FROM ledger.order_version
WHERE site = $1 AND ($2::text[] IS NULL OR id = ANY ($2)) AND id > $3 AND ($4::text IS NULL OR id <= $4)
ORDER BY id, version
