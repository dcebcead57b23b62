SELECT position, body FROM ledger.event WHERE site = $1 AND event_id = $2
