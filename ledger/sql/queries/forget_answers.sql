DELETE FROM ledger.idempotent_answer
WHERE (site, key) IN (
    SELECT site, key
    FROM ledger.idempotent_answer
    WHERE expires_at <= $1
    ORDER BY expires_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
)
    -- Asked again for the row as it is now: an append may just have given its key a new answer.
    AND expires_at <= $1
