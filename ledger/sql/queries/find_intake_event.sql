SELECT outcome FROM ledger.intake_event WHERE site = $1 AND event_id = $2
