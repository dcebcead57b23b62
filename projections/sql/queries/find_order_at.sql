-- The last version of an order up to a version ($3), a time ($4) and a position ($5): its event, the document that the
-- order view or the index of past orders has of it, and how far the log went.
SELECT
    event.version, event.position, event.recorded_at, event.body, shown.id IS NOT NULL AS is_shown,
    shown.business_entity_id,
    CASE WHEN shown.version = event.version THEN shown.document ELSE kept.document END AS document,
    (SELECT head.position FROM ledger.head WHERE head.site = $1) AS head
FROM (
    SELECT version, position, recorded_at, body
    FROM ledger.event
    WHERE site = $1 AND stream = 'order-' || $2::text AND version <= $3 AND recorded_at <= $4 AND position <= $5
    ORDER BY version DESC
    LIMIT 1
) AS event
LEFT JOIN ledger.order_view AS shown ON shown.site = $1 AND shown.id = $2
LEFT JOIN ledger.order_version_document AS kept
    ON kept.site = $1 AND kept.id = $2 AND kept.version = event.version AND shown.version <> event.version
