SELECT id, document, business_entity_id
FROM ledger.order_view
WHERE site = $1 AND id = ANY ($2::text[]) AND NOT deleted
