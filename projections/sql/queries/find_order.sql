SELECT document, business_entity_id
FROM ledger.order_view
WHERE site = $1 AND id = $2 AND NOT deleted
