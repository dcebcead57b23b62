SELECT projection, count(*) AS count FROM ledger.parked GROUP BY projection ORDER BY projection
