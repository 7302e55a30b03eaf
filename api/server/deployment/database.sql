-- As the administrator of PostgreSQL, with passwords of your own.
CREATE ROLE ledger_owner LOGIN PASSWORD 'OWNER_PASSWORD';
CREATE ROLE ledger LOGIN PASSWORD 'PASSWORD';
CREATE DATABASE plan OWNER ledger_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE plan FROM PUBLIC;
