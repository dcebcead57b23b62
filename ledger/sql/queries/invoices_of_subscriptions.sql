-- The invoices of these subscriptions' orders, as far as what happens to a subscription can still change one. Orders
-- that ship for several subscriptions of an invoice name none.
SELECT subscription_id, invoice_id
FROM ledger.order_view
WHERE site = $1 AND subscription_id = ANY ($2::text[]) AND status = 'queued'
UNION
SELECT shared.subscription_id, shared.invoice_id
FROM ledger.invoice_subscription AS shared
WHERE shared.site = $1 AND shared.subscription_id = ANY ($2::text[])
    AND EXISTS (
        SELECT FROM ledger.order_view
        WHERE order_view.site = $1
            AND order_view.invoice_id = shared.invoice_id
            AND order_view.subscription_id IS NULL
            AND order_view.status = 'queued'
    )
