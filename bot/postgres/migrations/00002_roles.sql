-- Two roles and row-level security; whom a conversation was handed to last; jobs found by lane; a journal that keeps its last 300 days.
--
-- It only adds: a program that knows the first schema goes on working on this
-- one. It does that as the owner of the tables, who inherits relais_engine.
-- The roles belong to the whole cluster, so Down leaves them.

-- +goose Up
-- Turns wait while this waits for a table: give up soon, and try again.
SET LOCAL lock_timeout = '3s';

-- +goose StatementBegin
DO $$
DECLARE
	wanted text;
	-- Since Postgres 16 a member may be refused SET ROLE.
	needed text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
	FOREACH wanted IN ARRAY ARRAY['relais_engine', 'relais_desk'] LOOP
		-- Another database of the cluster may be making them at this moment.
		BEGIN
			IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
				EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
			END IF;
		EXCEPTION WHEN duplicate_object OR unique_violation THEN
			NULL;
		END;
		BEGIN
			IF NOT pg_has_role(current_user, wanted, needed) THEN
				EXECUTE format('GRANT %I TO %I', wanted, current_user);
			END IF;
		EXCEPTION WHEN duplicate_object OR unique_violation THEN
			NULL;
		END;
	END LOOP;
	FOREACH wanted IN ARRAY ARRAY['relais_engine', 'relais_desk'] LOOP
		CONTINUE WHEN has_schema_privilege(wanted, current_schema(), 'USAGE');
		EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), wanted);
		IF NOT has_schema_privilege(wanted, current_schema(), 'USAGE') THEN
			RAISE EXCEPTION 'let the owner of the schema run: GRANT USAGE ON SCHEMA % TO relais_engine, relais_desk',
				quote_ident(current_schema());
		END IF;
	END LOOP;
EXCEPTION WHEN insufficient_privilege THEN
	RAISE EXCEPTION 'the role % may not make the roles it needs; let a superuser run: '
		'CREATE ROLE relais_engine NOLOGIN; CREATE ROLE relais_desk NOLOGIN; GRANT relais_engine, relais_desk TO %',
		current_user, quote_ident(current_user);
END $$;
-- +goose StatementEnd

-- Whom a conversation was handed to last may read it after the hand-off ended.
-- Kept with the conversation, so that who may read it is a plain test.
ALTER TABLE conversation ADD COLUMN last_org text NOT NULL DEFAULT '';
UPDATE conversation c SET last_org = h.org FROM (
	SELECT DISTINCT ON (conversation) conversation, org FROM handoff
	ORDER BY conversation, since DESC NULLS LAST, id DESC) h
WHERE h.conversation = c.id;

-- Whose key opens an item: its organisation may not be the one that may read
-- the conversation.
ALTER TABLE item ADD COLUMN person uuid REFERENCES person ON DELETE CASCADE;
UPDATE item i SET person = c.person FROM conversation c WHERE c.id = i.conversation;
CREATE INDEX item_person ON item (person);

-- Both are filled in here, for programs that know the first schema only.
-- +goose StatementBegin
CREATE FUNCTION remember_last_org() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	latest text := (SELECT org FROM handoff WHERE conversation = NEW.conversation
		ORDER BY since DESC NULLS LAST, id DESC LIMIT 1);
BEGIN
	UPDATE conversation SET last_org = latest WHERE id = NEW.conversation AND last_org <> latest;
	RETURN NULL;
END $$;
CREATE TRIGGER handoff_is_the_latest AFTER INSERT OR UPDATE ON handoff
	FOR EACH ROW EXECUTE FUNCTION remember_last_org();

CREATE FUNCTION fill_in_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.person := (SELECT person FROM conversation WHERE id = NEW.conversation);
	RETURN NEW;
END $$;
CREATE TRIGGER item_is_about_a_person BEFORE INSERT ON item
	FOR EACH ROW WHEN (NEW.person IS NULL) EXECUTE FUNCTION fill_in_person();
-- +goose StatementEnd

-- A claim walks one lane in the order of due times and stops at its limit. A
-- lease is in no index, so that claiming and releasing stay HOT updates.
DROP INDEX job_due;
CREATE INDEX job_lane ON job (lane, due);

-- A line is written once and marked several times on its way, each time with an
-- entry in every index. A thread is read along the primary key, since a line's
-- number in its thread is never above its number in the conversation; nothing is
-- looked for by the operator's id.
DROP INDEX line_seq, line_provider;

-- Every turn moves its conversation to another step. Without an index on it a
-- turn's update stays HOT; who waits where is counted at a publication only, by
-- reading the table.
DROP INDEX conversation_step;

-- The journal may be purged, but only far behind its newest entry: nobody wipes
-- what just happened.
-- +goose StatementBegin
CREATE FUNCTION keep_the_journal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.at > (SELECT at FROM audit ORDER BY id DESC LIMIT 1) - interval '300 days' THEN
		RAISE EXCEPTION 'the journal keeps its last 300 days';
	END IF;
	RETURN OLD;
END $$;
CREATE TRIGGER audit_keeps_its_last_months BEFORE DELETE ON audit
	FOR EACH ROW EXECUTE FUNCTION keep_the_journal();
-- +goose StatementEnd

-- relais_engine takes turns, does jobs, administers and purges. It rewrites
-- neither the journal nor what was published, and does not touch the schema.
-- relais_desk reads what advisers are shown.
GRANT SELECT, INSERT, UPDATE, DELETE ON conversation, thread, line, job, answer, handoff, appointment, item,
	opt_out, tombstone, current, setting, adviser, session TO relais_engine;
GRANT SELECT, INSERT, DELETE ON person, seen, audit TO relais_engine;
GRANT SELECT, INSERT ON version TO relais_engine;
GRANT SELECT ON goose_db_version TO relais_engine;
GRANT USAGE, SELECT, UPDATE ON SEQUENCE lease, audit_id_seq TO relais_engine;

GRANT SELECT ON conversation, line, answer, handoff, item TO relais_desk;
GRANT SELECT (id, key) ON person TO relais_desk;
GRANT SELECT (id, conversation, address) ON thread TO relais_desk;
GRANT SELECT (id, name, org) ON adviser TO relais_desk;

-- Every table that tells of a person shows the engine all its rows, and
-- everybody else none but those of a further policy.
-- +goose StatementBegin
DO $$
DECLARE
	personal text;
BEGIN
	FOREACH personal IN ARRAY ARRAY['person', 'conversation', 'thread', 'line', 'seen', 'job', 'answer', 'handoff',
		'appointment', 'item', 'audit', 'opt_out', 'tombstone', 'adviser', 'session'] LOOP
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', personal);
		EXECUTE format('CREATE POLICY engine ON %I TO relais_engine USING (true)', personal);
	END LOOP;
END $$;
-- +goose StatementEnd

-- The organisation of who reads, set for the length of a transaction; NULL, and
-- so equal to nothing, when there is none.
CREATE FUNCTION reader_org() RETURNS text LANGUAGE sql STABLE
	RETURN nullif(current_setting('relais.organisation', true), '');

-- A conversation is read by the organisation that owns it, or that it was
-- handed to last. What belongs to a conversation follows it.
CREATE POLICY desk ON conversation FOR SELECT TO relais_desk
	USING (owner_org = reader_org() OR last_org = reader_org());
CREATE POLICY desk ON thread FOR SELECT TO relais_desk
	USING (EXISTS (SELECT FROM conversation c WHERE c.id = thread.conversation));
CREATE POLICY desk ON handoff FOR SELECT TO relais_desk
	USING (EXISTS (SELECT FROM conversation c WHERE c.id = handoff.conversation));
CREATE POLICY desk ON answer FOR SELECT TO relais_desk
	USING (shared AND EXISTS (SELECT FROM conversation c WHERE c.id = answer.conversation));
CREATE POLICY desk ON line FOR SELECT TO relais_desk
	USING ((audience = 'all' OR audience = 'note' AND org = reader_org() OR audience = 'org:' || reader_org())
		AND EXISTS (SELECT FROM conversation c WHERE c.id = line.conversation));
CREATE POLICY desk ON item FOR SELECT TO relais_desk
	USING (org = reader_org());
CREATE POLICY desk ON person FOR SELECT TO relais_desk
	USING (EXISTS (SELECT FROM conversation c WHERE c.person = person.id)
		OR EXISTS (SELECT FROM item i WHERE i.person = person.id));
CREATE POLICY desk ON adviser FOR SELECT TO relais_desk
	USING (org = reader_org());

-- +goose Down
-- +goose StatementBegin
DO $$
DECLARE
	p record;
BEGIN
	FOR p IN SELECT tablename, policyname FROM pg_policies WHERE schemaname = current_schema() LOOP
		EXECUTE format('DROP POLICY %I ON %I', p.policyname, p.tablename);
		EXECUTE format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY', p.tablename);
	END LOOP;
	EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM relais_engine, relais_desk', current_schema());
	EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA %I FROM relais_engine', current_schema());
	EXECUTE format('REVOKE ALL ON SCHEMA %I FROM relais_engine, relais_desk', current_schema());
END $$;
-- +goose StatementEnd
DROP FUNCTION reader_org;
DROP TRIGGER audit_keeps_its_last_months ON audit;
DROP FUNCTION keep_the_journal;
DROP TRIGGER item_is_about_a_person ON item;
DROP FUNCTION fill_in_person;
DROP TRIGGER handoff_is_the_latest ON handoff;
DROP FUNCTION remember_last_org;
ALTER TABLE item DROP COLUMN person;
ALTER TABLE conversation DROP COLUMN last_org;
DROP INDEX job_lane;
CREATE INDEX job_due ON job (due);
CREATE INDEX conversation_step ON conversation (step) WHERE step <> '';
CREATE UNIQUE INDEX line_seq ON line (thread, seq) WHERE seq > 0;
CREATE INDEX line_provider ON line (provider) WHERE provider <> '';
