SELECT DISTINCT ON (place) place, size, anchored_at FROM ledger.anchor WHERE site = $1 ORDER BY place, size DESC
