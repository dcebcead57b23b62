SELECT id, invoice_id, business_entity_id FROM ledger.order_view WHERE site = $1 AND id = ANY ($2::text[])
