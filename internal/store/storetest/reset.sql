-- Puts a test's database back to what it was when new: tables that the test
-- made are dropped, triggers that it turned off are on again, rows are those
-- that the migrations wrote. reset() is false if the tables themselves differ.

CREATE SCHEMA storetest;

CREATE FUNCTION storetest.shape() RETURNS text LANGUAGE sql AS $$
	SELECT md5(string_agg(line, E'\n' ORDER BY line)) FROM (
		SELECT 'class ' || relkind::text || ' ' || relname FROM pg_class
		WHERE relnamespace = 'public'::regnamespace
		UNION ALL
		SELECT 'column ' || c.relname || ' ' || a.attnum::text || ' ' || a.attname || ' ' || a.atttypid::text || ' ' || a.attnotnull::text || a.atthasdef::text
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0
		UNION ALL
		SELECT 'trigger ' || c.relname || ' ' || t.tgname || ' ' || t.tgenabled::text
		FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
		WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal
		UNION ALL
		SELECT 'constraint ' || conname || ' ' || contype::text FROM pg_constraint
		WHERE connamespace = 'public'::regnamespace
		UNION ALL
		SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
	) AS s (line)
$$;

CREATE TABLE storetest.pristine AS SELECT storetest.shape() AS shape;

DO $$
DECLARE t text;
BEGIN
	FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
		EXECUTE format('CREATE TABLE storetest.%I AS TABLE public.%I', 'rows_' || t, t);
	END LOOP;
END $$;

CREATE FUNCTION storetest.reset() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE t text;
BEGIN
	FOR t IN SELECT tablename FROM pg_tables p WHERE schemaname = 'public' AND NOT EXISTS (
		SELECT 1 FROM pg_tables r WHERE r.schemaname = 'storetest' AND r.tablename = 'rows_' || p.tablename)
	LOOP
		EXECUTE format('DROP TABLE public.%I CASCADE', t);
	END LOOP;
	FOR t IN SELECT DISTINCT c.relname FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
		WHERE c.relnamespace = 'public'::regnamespace AND NOT g.tgisinternal AND g.tgenabled = 'D'
	LOOP
		EXECUTE format('ALTER TABLE public.%I ENABLE TRIGGER USER', t);
	END LOOP;
	IF storetest.shape() <> (SELECT shape FROM storetest.pristine) THEN
		RETURN false;
	END IF;
	PERFORM set_config('session_replication_role', 'replica', true);
	FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
		EXECUTE format('DELETE FROM public.%I', t);
		EXECUTE format('INSERT INTO public.%I OVERRIDING SYSTEM VALUE SELECT * FROM storetest.%I', t, 'rows_' || t);
	END LOOP;
	FOR t IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
		AND sequencename NOT LIKE 'goose%' LOOP
		PERFORM setval(format('public.%I', t)::regclass, 1, false);
	END LOOP;
	RETURN true;
END $$;
