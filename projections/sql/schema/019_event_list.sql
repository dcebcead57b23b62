-- The list of events as Chargebee sorts it: by second, then by position (docs/api.md, Events). Positions alone do not
-- give that order, because two workers' clocks differ by milliseconds.
--
-- Only events of orders are in the list, so only these are in the indexes. A filter by type or source reads each
-- wanted pair of them in its order and merges what it reads; so does a call that is restricted to a business entity.
-- `recorded_at` is included because an expression over it is answered from the index alone only where it is there too.
CREATE INDEX change_event_time
    ON ledger.change (site, (recorded_at / 1000), position) INCLUDE (recorded_at)
    WHERE type LIKE 'order.%';

CREATE INDEX change_event_kind
    ON ledger.change (site, type, source, (recorded_at / 1000), position) INCLUDE (recorded_at)
    WHERE type LIKE 'order.%';

CREATE INDEX change_event_entity
    ON ledger.change (site, business_entity_id, type, source, (recorded_at / 1000), position) INCLUDE (recorded_at)
    WHERE type LIKE 'order.%' AND business_entity_id IS NOT NULL;
