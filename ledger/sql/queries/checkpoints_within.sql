SELECT size, note, signed_at FROM ledger.checkpoint WHERE site = $1 AND size > $2 AND size <= $3 ORDER BY size
