DELETE FROM ledger.idempotent_answer
WHERE (site, key) IN (SELECT site, key FROM ledger.idempotent_answer WHERE expires_at <= $1 LIMIT $2)
