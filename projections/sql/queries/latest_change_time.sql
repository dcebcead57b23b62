SELECT latest_at FROM ledger.change WHERE site = $1 AND position = $2
