-- Orders of which a date that was set, or what became of resending them, was changed behind a position.
SELECT id
FROM ledger.order_version
WHERE site = $1 AND is_revised AND to_position > $2
LIMIT $3
