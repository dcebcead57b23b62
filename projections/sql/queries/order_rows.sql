SELECT
    id, version, deleted, status, order_type, invoice_id, subscription_id, original_order_id, document_number,
    business_entity_id, resent_status, is_resent, created_at, updated_at, order_date, shipping_date, shipped_at, paid_on,
    document, position
FROM ledger.order_view
WHERE site = $1
ORDER BY id
