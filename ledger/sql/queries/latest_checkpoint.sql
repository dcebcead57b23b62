SELECT size, note, signed_at FROM ledger.checkpoint WHERE site = $1 ORDER BY size DESC LIMIT 1
