SELECT count(*) FROM ledger.parked_invoice
