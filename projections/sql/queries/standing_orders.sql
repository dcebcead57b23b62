-- Versions of orders that nothing had replaced when the index of past orders came to where it is: the event that made
-- each, and what the index has of the version before it.
SELECT
    event.stream, event.version, event.type, event.recorded_at, event.event_id, event.leaf, event.body, event.position,
    known.version AS known_version, known.deleted, known.status, known.order_type, known.invoice_id,
    known.subscription_id, known.original_order_id, known.business_entity_id, known.resent_status, known.is_resent,
    known.created_at, known.updated_at, known.order_date, known.shipping_date, known.shipped_at, known.paid_on
FROM unnest($2::text[], $3::integer[]) AS wanted (stream, version)
JOIN ledger.event ON event.site = $1 AND event.stream = wanted.stream AND event.version = wanted.version
LEFT JOIN LATERAL (
    SELECT *
    FROM ledger.order_version
    WHERE order_version.site = $1 AND order_version.id = substr(wanted.stream, 7)
    ORDER BY order_version.from_position DESC
    LIMIT 1
) AS known ON wanted.version > 1
