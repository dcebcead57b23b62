-- Orders of a status in a range of updates, in the order of creation (docs/decisions/0007-list-indexes.md).
--
-- The walk through the orders of a status, which is tried first, tells from the index alone which of them are wanted.
DROP INDEX ledger.order_view_list_status_created;
CREATE INDEX order_view_list_status_created
    ON ledger.order_view (site, deleted, status, created_at, id) INCLUDE (shipping_date, updated_at);

-- Few orders end in these states, and whoever asks for them asks for a long range. As in 008, but state by state and
-- with periods of 2^21 seconds, 24 days, which have as few rows of such a state as those of 008 have of all orders.
-- The orders that end as usual are not in it.
CREATE INDEX order_view_status_period_updated
    ON ledger.order_view (site, deleted, status, (created_at >> 21), updated_at) INCLUDE (created_at, id)
    WHERE status IN ('cancelled', 'partially_delivered', 'returned', 'voided');
