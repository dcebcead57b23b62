-- All but the newest $2 runs of a site.
DELETE FROM ledger.rebuild_run
WHERE site = $1 AND run NOT IN (
    SELECT run FROM ledger.rebuild_run WHERE site = $1 ORDER BY run DESC LIMIT $2
)
