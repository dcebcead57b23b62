-- The versions that the index has of one order ($2), else of all orders behind one ($3; '' for all) and up to another
-- ($4), or to the last. Both ends bound the index scan, whatever is given.
SELECT
    id, version, from_position, to_position, from_ms, to_ms, fork, is_revised, deleted, status, order_type, invoice_id,
    subscription_id, original_order_id, business_entity_id, resent_status, is_resent, created_at, updated_at, order_date,
    shipping_date, shipped_at, paid_on
FROM ledger.order_version
WHERE site = $1 AND id >= coalesce(($2::text[])[1], $3) AND (id > $3 OR $3 = '')
    AND id <= coalesce(($2)[1], $4::text, (SELECT max(id) FROM ledger.order_version WHERE site = $1))
ORDER BY id, version
