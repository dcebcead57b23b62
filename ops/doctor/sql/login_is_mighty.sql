SELECT
    (SELECT rolsuper FROM pg_roles WHERE rolname = session_user)
    OR pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = 'ledger.event'::regclass), 'MEMBER')
