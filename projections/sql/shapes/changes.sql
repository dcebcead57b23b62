-- One step of a walk through the log: the next events of an index, and those of them that pass.
--
-- ``streams`` are the values of the column that the index pins, each read in its order; what is merged of them is
-- complete, because none of them is read less far than the whole. The answer has one row at least, which says how
-- many were looked at and how far that came.
WITH looked AS MATERIALIZED (
    SELECT {column_names}
    FROM {streams}LATERAL (
        SELECT *
        FROM ledger.change
        WHERE {pinned} AND position BETWEEN $2 AND $3
        ORDER BY position {direction}
        LIMIT $4
    ) AS change
    ORDER BY change.position {direction}
    LIMIT $4
)
SELECT extent.looked, extent.reached, found.position
FROM (SELECT count(*) AS looked, {furthest}(position) AS reached FROM looked) AS extent
LEFT JOIN (
    SELECT position FROM looked WHERE {conditions} ORDER BY position {direction} LIMIT $5
) AS found ON true
ORDER BY found.position {direction}
