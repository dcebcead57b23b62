-- The lists that most callers ask for: all orders, or those of a status or type, in either order of the API.
--
-- Whatever pins a column to a value stands before the sort column, so that a page is read in its order and no
-- further than its last row. `deleted` is one of them: a list without the deleted orders does not have to step over
-- them, and one with them merges two reads. What is included spares a look at the row (docs/decisions/0007).
CREATE INDEX order_view_list_created
    ON ledger.order_view (site, deleted, created_at, id);
CREATE INDEX order_view_list_updated
    ON ledger.order_view (site, deleted, updated_at, id) INCLUDE (created_at);
CREATE INDEX order_view_list_status_created
    ON ledger.order_view (site, deleted, status, created_at, id);
CREATE INDEX order_view_list_status_updated
    ON ledger.order_view (site, deleted, status, updated_at, id) INCLUDE (created_at);
CREATE INDEX order_view_list_type
    ON ledger.order_view (site, deleted, order_type, created_at, id);

-- Superseded: the same without `deleted`.
DROP INDEX ledger.order_view_by_creation;
DROP INDEX ledger.order_view_by_update;
DROP INDEX ledger.order_view_by_status;
