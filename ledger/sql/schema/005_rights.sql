-- Least rights: the role of the service reads and inserts events and can never change or remove one.
DO $$
BEGIN
    CREATE ROLE order_ledger_service LOGIN;
EXCEPTION
    -- Roles belong to the whole server, so another database of it may have made this one, even just now.
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;

-- The owner may act as the service: on a database of somebody else's, one login is often all there is.
DO $$
DECLARE
    -- Since version 16 whoever makes a role is a member of it, but may not act as it.
    right_to_act text := CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END;
BEGIN
    IF NOT pg_has_role(current_user, 'order_ledger_service', right_to_act) THEN
        EXECUTE format('GRANT order_ledger_service TO %I', current_user);
    END IF;
END
$$;

GRANT USAGE ON SCHEMA ledger TO order_ledger_service;
GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO order_ledger_service;
GRANT INSERT ON ledger.event TO order_ledger_service;
GRANT INSERT, UPDATE ON
    ledger.site, ledger.api_key, ledger.head, ledger.number_series, ledger.consumer
    TO order_ledger_service;
GRANT INSERT, UPDATE, DELETE ON ledger.idempotent_answer, ledger.order_view TO order_ledger_service;

REVOKE ALL ON FUNCTION ledger.append_1 FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.append_1 TO order_ledger_service;
