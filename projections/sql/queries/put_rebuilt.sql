INSERT INTO ledger.order_view (
    site, id, version, deleted, status, order_type, invoice_id, subscription_id, original_order_id, document_number,
    business_entity_id, resent_status, is_resent, created_at, updated_at, order_date, shipping_date, shipped_at, paid_on,
    document, position
)
SELECT
    site, id, version, deleted, status, order_type, invoice_id, subscription_id, original_order_id, document_number,
    business_entity_id, resent_status, is_resent, created_at, updated_at, order_date, shipping_date, shipped_at, paid_on,
    document, position
FROM ledger.order_view_rebuilt
WHERE site = $1 AND run = $2 AND id = ANY ($3) AND NOT is_ghost
ON CONFLICT (site, id) DO UPDATE SET
    version = excluded.version,
    deleted = excluded.deleted,
    status = excluded.status,
    order_type = excluded.order_type,
    invoice_id = excluded.invoice_id,
    subscription_id = excluded.subscription_id,
    original_order_id = excluded.original_order_id,
    document_number = excluded.document_number,
    business_entity_id = excluded.business_entity_id,
    resent_status = excluded.resent_status,
    is_resent = excluded.is_resent,
    created_at = excluded.created_at,
    updated_at = excluded.updated_at,
    order_date = excluded.order_date,
    shipping_date = excluded.shipping_date,
    shipped_at = excluded.shipped_at,
    paid_on = excluded.paid_on,
    document = excluded.document,
    position = excluded.position
