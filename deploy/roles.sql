-- The five roles and the database, for the embedded cluster and for compose alike; run by psql as the superuser.
-- lp_owner migrates; lp_app is what the site logs in as: it owns nothing, and has no rights but those
-- of the group role it takes on: lp_partner or lp_reviewer (row security applies) for web requests, lp_staff for the rest.
\set ON_ERROR_STOP on
SELECT 'CREATE ROLE lp_owner LOGIN CREATEROLE' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'lp_owner') \gexec
SELECT 'CREATE ROLE lp_app LOGIN NOINHERIT' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'lp_app') \gexec
SELECT 'CREATE ROLE lp_partner NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'lp_partner') \gexec
SELECT 'CREATE ROLE lp_reviewer NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'lp_reviewer') \gexec
SELECT 'CREATE ROLE lp_staff NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'lp_staff') \gexec
GRANT lp_partner, lp_reviewer, lp_staff TO lp_app;
-- The owner grants tables to them, and the tests step into their shoes.
GRANT lp_partner, lp_reviewer, lp_staff, lp_app TO lp_owner WITH ADMIN OPTION;
SELECT 'CREATE DATABASE lunarpartners OWNER lp_owner' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'lunarpartners') \gexec
\connect lunarpartners
ALTER SCHEMA public OWNER TO lp_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO lp_partner, lp_reviewer, lp_staff;
