DELETE FROM ledger.parked WHERE site = $1 AND projection = $2 AND stream = $3
