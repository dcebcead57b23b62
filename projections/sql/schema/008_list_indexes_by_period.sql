-- A range of one time in the order of another, which no single index has: orders updated in June, by their creation.
--
-- The history of a site is cut into periods of creation of 2^18 seconds, three days, and within a period the orders
-- stand by the other time. A page goes from period to period, finds with one look whether a period has any order of
-- the range, and sorts the orders of those few that it needs (projections/sql/shapes/periods.sql). The number of
-- looks is bounded by the periods, the sorting by the orders of a period; neither grows with what the range holds.
CREATE INDEX order_view_period_updated
    ON ledger.order_view (site, deleted, (created_at >> 18), updated_at, id) INCLUDE (created_at, status);
CREATE INDEX order_view_period_order_date
    ON ledger.order_view (site, deleted, (created_at >> 18), order_date) INCLUDE (created_at, id, status)
    WHERE order_date IS NOT NULL;
CREATE INDEX order_view_period_shipping_date
    ON ledger.order_view (site, deleted, (created_at >> 18), shipping_date) INCLUDE (created_at, id, status)
    WHERE shipping_date IS NOT NULL;
CREATE INDEX order_view_period_shipped_at
    ON ledger.order_view (site, deleted, (created_at >> 18), shipped_at) INCLUDE (created_at, id, status)
    WHERE shipped_at IS NOT NULL;
CREATE INDEX order_view_period_paid_on
    ON ledger.order_view (site, deleted, (created_at >> 18), paid_on) INCLUDE (created_at, id, status)
    WHERE paid_on IS NOT NULL;
