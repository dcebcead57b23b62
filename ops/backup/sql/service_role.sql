-- The role that the rights of a dump are given to, and that its owner may act as (ledger/sql/schema/005_rights.sql).
DO $$
DECLARE
    -- Since version 16 whoever makes a role is a member of it, but may not act as it.
    right_to_act text := CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END;
BEGIN
    BEGIN
        CREATE ROLE order_ledger_service LOGIN;
    EXCEPTION
        WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    IF NOT pg_has_role(current_user, 'order_ledger_service', right_to_act) THEN
        EXECUTE format('GRANT order_ledger_service TO %I', current_user);
    END IF;
END
$$
