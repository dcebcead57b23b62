INSERT INTO ledger.invoice_subscription (site, subscription_id, invoice_id)
SELECT $1, subscription_id, $2
FROM unnest($3::text[]) AS billed (subscription_id)
ON CONFLICT (site, subscription_id, invoice_id) DO NOTHING
