-- What takes long on a long log, apart from 030: the lock of its new columns is not held meanwhile.
--
-- Of the events that are indexed already. What comes from the API follows from its request. The members are looked for
-- in the bytes, so that a body which is no JSON any more stops nobody: a quotation mark in a text of JSON has a
-- backslash before it, so these names with theirs are members.
UPDATE ledger.change
SET
    causation_id = nullif(told.causation_id, change.request_id),
    correlation_id = nullif(told.correlation_id, change.request_id)
FROM (
    SELECT
        event.site,
        event.position,
        substring(encode(event.body, 'escape') FROM '"causation_id":"([^"]*)"') AS causation_id,
        substring(encode(event.body, 'escape') FROM '"correlation_id":"([^"]*)"') AS correlation_id
    FROM ledger.change AS indexed
    JOIN ledger.event ON event.site = indexed.site AND event.position = indexed.position
    WHERE indexed.source NOT IN ('api', '')
) AS told
WHERE change.site = told.site AND change.position = told.position
    AND (told.causation_id <> change.request_id OR told.correlation_id <> change.request_id);

CREATE INDEX change_by_cause ON ledger.change (site, causation_id, position) WHERE causation_id IS NOT NULL;
CREATE INDEX change_by_correlation ON ledger.change (site, correlation_id, position) WHERE correlation_id IS NOT NULL;
