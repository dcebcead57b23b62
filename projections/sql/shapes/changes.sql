-- One step of a walk through the log: the next events of an index, and those of them that pass.
--
-- ``streams`` are the values of the column that the index pins, each read in its order, and ``reads`` is one way to read
-- a value (changes_read.sql), or several; what is merged of them is complete, because none of them is read less far
-- than the whole. The answer has one row at least, which says how many were looked at and how far that came.
WITH looked AS MATERIALIZED (
    SELECT {column_names}
    FROM {streams}LATERAL ({reads}) AS change
    ORDER BY change.position {direction}
    LIMIT $4
)
SELECT extent.looked, extent.reached, found.position
FROM (SELECT count(*) AS looked, {furthest}(position) AS reached FROM looked) AS extent
LEFT JOIN (
    SELECT position FROM looked WHERE {conditions} ORDER BY position {direction} LIMIT $5
) AS found ON true
ORDER BY found.position {direction}
