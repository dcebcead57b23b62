DELETE FROM ledger.request
WHERE site = $1 AND id IN (
    SELECT id
    FROM ledger.request
    WHERE site = $1 AND (at, id) <= ($2, $3)
    ORDER BY at, id
    LIMIT $4
)
