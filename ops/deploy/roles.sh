#!/bin/sh
# The roles of the ledger, made once by the administrator of a database that is still empty. The image of PostgreSQL
# runs it at the first start; elsewhere: PGHOST=... OWNER_PASSWORD=... SERVICE_PASSWORD=... sh roles.sh
#
#   order_ledger_migrator  owns the schema; `order-ledger migrate` logs in as it
#   order_ledger_service   may add events, and never change or remove one; nobody logs in as it
#   order_ledger_login     logs in for `order-ledger serve` and becomes order_ledger_service
set -eu
: "${OWNER_PASSWORD:?}" "${SERVICE_PASSWORD:?}"

psql --no-psqlrc --set ON_ERROR_STOP=1 --single-transaction \
    --username "${POSTGRES_USER:-postgres}" --dbname "${POSTGRES_DB:-order_ledger}" <<'SQL'
\getenv owner_password OWNER_PASSWORD
\getenv service_password SERVICE_PASSWORD
-- Migrations make the role of the service where it is missing, which takes this right.
CREATE ROLE order_ledger_migrator LOGIN CREATEROLE PASSWORD :'owner_password';
CREATE ROLE order_ledger_service NOLOGIN;
CREATE ROLE order_ledger_login LOGIN PASSWORD :'service_password';
GRANT order_ledger_service TO order_ledger_migrator, order_ledger_login;
SELECT format('ALTER DATABASE %I OWNER TO order_ledger_migrator', current_database()) \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO order_ledger_login', current_database()) \gexec
REVOKE ALL ON SCHEMA public FROM PUBLIC;
SQL
