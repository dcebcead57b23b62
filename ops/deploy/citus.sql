-- Spreads the sites of a migrated database over the nodes of a Citus cluster; scale-out.md beside this file says how.
--
--   psql --set ON_ERROR_STOP=1 --single-transaction --file citus.sql postgresql://owner@coordinator/order_ledger
--
-- To be run on the coordinator by the owner of the schema, after each `order-ledger migrate`: it distributes what is not
-- distributed yet, and leaves the rest alone. A database with data may be distributed too; it is locked meanwhile.

-- Small, read by every request, and the same on every node. A table that refers to one of them is known to Citus from
-- then on, which is why the kind of a table is asked for, and why names are looked up one by one.
SELECT create_reference_table('ledger.site')
WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'ledger.site'::regclass AND repmodel = 't');

SELECT create_reference_table('ledger.api_key')
WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'ledger.api_key'::regclass AND repmodel = 't');

-- The head of a site decides where the site lives; everything else of the site lives with it.
SELECT create_distributed_table('ledger.head', 'site')
WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'ledger.head'::regclass AND partmethod = 'h');

SELECT create_distributed_table(name::regclass, 'site', colocate_with => 'ledger.head')
FROM (
    SELECT name
    FROM unnest(
        ARRAY[
            'ledger.event',
            'ledger.number_series',
            'ledger.idempotent_answer',
            'ledger.consumer',
            'ledger.business_entity',
            'ledger.request',
            'ledger.request_not_kept',
            'ledger.order_view',
            'ledger.order_view_rebuilt',
            'ledger.rebuild_run',
            'ledger.order_version',
            'ledger.order_version_page',
            'ledger.order_version_document',
            'ledger.order_words',
            'ledger.order_clock',
            'ledger.parked',
            'ledger.parked_invoice',
            'ledger.invoice_credit_note',
            'ledger.invoice_subscription',
            'ledger.intake_event',
            'ledger.intake_count',
            'ledger.change',
            'ledger.tile',
            -- What is anchored is a checkpoint: the table that is referred to comes first.
            'ledger.checkpoint',
            'ledger.anchor',
            'ledger.webhook_credentials',
            'ledger.webhook_delivery'
        ]
    ) WITH ORDINALITY AS listed (name, place)
    WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = name::regclass AND partmethod = 'h')
    ORDER BY place
) AS missing;

-- An append runs where the site lives: one round trip to that node, in which all statements find their rows at hand.
SELECT create_distributed_function(function.oid::regprocedure, 'p_site', colocate_with => 'ledger.head')
FROM pg_proc AS function
WHERE
    function.pronamespace = 'ledger'::regnamespace
    AND function.proargnames[1] = 'p_site'
ORDER BY function.proname;
