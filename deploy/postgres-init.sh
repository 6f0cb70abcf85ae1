#!/bin/sh
# Runs once, on an empty Postgres, as its superuser: makes the database, the
# login that owns its schema, and the login of the instances, which can do
# nothing by itself. It acts as one of two roles: relais_engine carries out turns
# and jobs; relais_desk reads what an adviser may see, under row-level security.
set -eu
secret() { tr -d '\n' <"${SECRETS:-/run/secrets}/$1"; }

# By the environment, since arguments are seen by the whole machine.
OWNER_PASSWORD=$(secret owner_password)
APP_PASSWORD=$(secret app_password)
export OWNER_PASSWORD APP_PASSWORD

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv owner_password OWNER_PASSWORD
\getenv app_password APP_PASSWORD
CREATE ROLE relais_engine NOLOGIN;
CREATE ROLE relais_desk NOLOGIN;
CREATE ROLE relais_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE relais_app LOGIN NOINHERIT PASSWORD :'app_password';
GRANT relais_engine, relais_desk TO relais_owner, relais_app;
CREATE DATABASE relais OWNER relais_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE relais FROM PUBLIC;
GRANT CONNECT ON DATABASE relais TO relais_app;
\connect relais
-- As newer servers have it: on Postgres 14 everybody may make tables in public.
ALTER SCHEMA public OWNER TO pg_database_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
SQL
