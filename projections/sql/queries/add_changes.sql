INSERT INTO ledger.change (
    site, position, recorded_at, latest_at, type, actor, source, request_id, order_id, invoice_id, business_entity_id,
    causation_id, correlation_id
)
SELECT $1, added.*
FROM unnest(
    $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
    $11::text[], $12::text[], $13::text[]
) AS added
