-- Lists by what only some orders have. Each index holds those orders alone: the others pay nothing for it.
CREATE INDEX order_view_list_subscription
    ON ledger.order_view (site, subscription_id, created_at, id)
    WHERE subscription_id IS NOT NULL;
CREATE INDEX order_view_list_original
    ON ledger.order_view (site, original_order_id, created_at, id)
    WHERE original_order_id IS NOT NULL;
CREATE INDEX order_view_list_resent
    ON ledger.order_view (site, deleted, created_at, id) INCLUDE (updated_at)
    WHERE is_resent;
CREATE INDEX order_view_list_resent_status
    ON ledger.order_view (site, deleted, resent_status, created_at, id) INCLUDE (updated_at)
    WHERE resent_status IS NOT NULL;

-- A caller who is restricted to a business entity has this filter on every list.
CREATE INDEX order_view_list_entity_created
    ON ledger.order_view (site, business_entity_id, deleted, created_at, id)
    WHERE business_entity_id IS NOT NULL;
CREATE INDEX order_view_list_entity_updated
    ON ledger.order_view (site, business_entity_id, deleted, updated_at, id)
    WHERE business_entity_id IS NOT NULL;
