SELECT key, digest, status, body, expires_at
FROM ledger.idempotent_answer
WHERE site = $1 AND key = ANY ($2::text[]) AND expires_at > $3
