-- The next events along one index, within the extent of a step.
(
    SELECT *
    FROM ledger.change
    WHERE {pinned} AND position BETWEEN $2 AND $3
    ORDER BY position {direction}
    LIMIT $4
)
