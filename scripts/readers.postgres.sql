-- Makes the role djankiserv_readers, whose members may read the views of all users, of today and to come, and nothing
-- else: no tables, no accounts. Run it in the database of djankiserv, as a superuser or as djankiserv's own role if
-- that may create roles; again = nothing.
--
--     psql -d djankiserv -f scripts/readers.postgres.sql
--     psql -d djankiserv -c "CREATE ROLE anna LOGIN PASSWORD '...' IN ROLE djankiserv_readers"
DO $$
DECLARE
  place text;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'djankiserv_readers') THEN
    CREATE ROLE djankiserv_readers NOLOGIN;
  END IF;
  -- Those that djankiserv makes from now on it opens to the role by itself.
  FOR place IN SELECT nspname FROM pg_namespace WHERE nspname ~ '^djankiserv_views_[0-9]+$' LOOP
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO djankiserv_readers', place);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO djankiserv_readers', place);
  END LOOP;
END
$$;
