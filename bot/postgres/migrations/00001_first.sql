-- The first schema: people, conversations, jobs, appointments, advisers.
--
-- Sealed columns are bytea and hold nothing readable: texts, answers, addresses
-- and states are encrypted under the person's key (person.key, itself wrapped
-- under the master key). They do not compress, so they are stored as they are.
-- What is in clear is what views and the inbox sort by: codes, owners, times.
--
-- Times are UTC, set by the program's clock and never by the database's.

-- +goose Up
-- +goose StatementBegin
CREATE TABLE person (
	id      uuid PRIMARY KEY,
	key     bytea NOT NULL, -- wrapped; deleting it makes the rest unreadable
	created timestamptz
);

-- One per person, its row locked by every turn. The columns after state are
-- copies of what the state holds.
CREATE TABLE conversation (
	id            uuid PRIMARY KEY,
	person        uuid NOT NULL UNIQUE REFERENCES person ON DELETE CASCADE,
	version       bigint NOT NULL,
	state         bytea NOT NULL,
	created       timestamptz,
	heard         timestamptz,
	lang          text NOT NULL,
	channel       text NOT NULL, -- of the thread last heard
	n             bigint NOT NULL,
	epoch         bigint NOT NULL,
	step          text NOT NULL, -- flow/state
	owner_kind    text NOT NULL,
	owner_org     text NOT NULL,
	owner_team    text NOT NULL,
	owner_adviser text NOT NULL,
	handoff       uuid, -- the open one; the six below are about it
	reason        text NOT NULL,
	urgent        boolean NOT NULL,
	crisis        boolean NOT NULL,
	since         timestamptz,
	waiting       timestamptz,
	deadline      timestamptz,
	booked        bigint NOT NULL
) WITH (fillfactor = 70); -- room for the next version on the same page
ALTER TABLE conversation ALTER COLUMN state SET STORAGE EXTERNAL;
CREATE INDEX conversation_inbox ON conversation (owner_org) WHERE owner_kind <> 'assistant';
CREATE INDEX conversation_step ON conversation (step) WHERE step <> '';

-- One per address of a person.
CREATE TABLE thread (
	id           uuid PRIMARY KEY,
	hash         bytea NOT NULL UNIQUE, -- keyed hash of the address
	conversation uuid NOT NULL REFERENCES conversation ON DELETE CASCADE,
	person       uuid NOT NULL,
	channel      text NOT NULL,
	address      bytea NOT NULL
);
CREATE INDEX thread_conversation ON thread (conversation);

-- The log of a conversation, and the outbox. No foreign key: lines and jobs are
-- written at every turn, always under the lock of their conversation.
CREATE TABLE line (
	conversation uuid NOT NULL,
	n            bigint NOT NULL,
	thread       uuid,
	seq          bigint NOT NULL, -- 0: the person does not see it
	from_        text NOT NULL,
	adviser      text NOT NULL,
	audience     text NOT NULL,
	org          text NOT NULL, -- for a note: owner when it was written
	at           timestamptz,
	key          text NOT NULL,
	epoch        bigint NOT NULL,
	lane         smallint NOT NULL,
	class        text NOT NULL,
	delivery     smallint NOT NULL,
	provider     text NOT NULL,
	error        bigint NOT NULL,
	segments     bigint NOT NULL,
	body         bytea NOT NULL,
	PRIMARY KEY (conversation, n)
) WITH (fillfactor = 90);
ALTER TABLE line ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX line_seq ON line (thread, seq) WHERE seq > 0;
CREATE INDEX line_outbox ON line (thread, n) WHERE delivery IN (1, 2);
CREATE INDEX line_provider ON line (provider) WHERE provider <> '';

-- Events that took effect. It outlives a person's erasure.
CREATE TABLE seen (
	source text NOT NULL,
	event  text NOT NULL,
	at     timestamptz,
	PRIMARY KEY (source, event)
);

-- Tokens come from one sequence, so that no two leases ever share one, not even
-- those of a job that was forgotten and planned again under its old key.
CREATE SEQUENCE lease;

CREATE TABLE job (
	key          text PRIMARY KEY,
	kind         text NOT NULL,
	lane         smallint NOT NULL CHECK (lane BETWEEN 0 AND 3),
	due          timestamptz NOT NULL,
	conversation uuid,
	thread       uuid,
	subject      text NOT NULL,
	revision     bigint NOT NULL,
	token        bigint NOT NULL DEFAULT 0, -- of the latest lease
	serial       bigint NOT NULL DEFAULT 1, -- times it was scheduled
	attempts     bigint NOT NULL DEFAULT 0,
	lease_until  timestamptz                -- null: nobody holds it
) WITH (fillfactor = 70);
CREATE INDEX job_due ON job (due);
CREATE INDEX job_conversation ON job (conversation);

CREATE TABLE answer (
	conversation uuid NOT NULL REFERENCES conversation ON DELETE CASCADE,
	key          text NOT NULL,
	codes        text[] NOT NULL,
	at           timestamptz NOT NULL,
	by_          text NOT NULL,
	flow         text NOT NULL,
	shared       boolean NOT NULL,
	body         bytea NOT NULL, -- values and words
	PRIMARY KEY (conversation, key, at)
);

CREATE TABLE handoff (
	id           uuid PRIMARY KEY,
	conversation uuid NOT NULL REFERENCES conversation ON DELETE CASCADE,
	state        text NOT NULL,
	org          text NOT NULL,
	team         text NOT NULL,
	reason       text NOT NULL,
	urgent       boolean NOT NULL,
	asked_by     text NOT NULL,
	flow         text NOT NULL,
	step         text NOT NULL,
	since        timestamptz,
	deadline     timestamptz,
	waiting      timestamptz,
	missed       bigint NOT NULL,
	acknowledged boolean NOT NULL,
	alerts       bigint NOT NULL,
	asked        bigint NOT NULL,
	adviser      text NOT NULL,
	outcome      text NOT NULL,
	ended        timestamptz
);
CREATE INDEX handoff_conversation ON handoff (conversation, since);

CREATE TABLE appointment (
	hash         bytea PRIMARY KEY, -- keyed hash of source, external id and participant
	person       uuid NOT NULL,
	conversation uuid NOT NULL REFERENCES conversation ON DELETE CASCADE,
	start        timestamptz,
	duration     interval NOT NULL,
	status       text NOT NULL,
	revision     bigint NOT NULL,
	org          text NOT NULL,
	kind         text NOT NULL,
	sensitive    boolean NOT NULL,
	lang         text NOT NULL,
	said         text NOT NULL, -- the answer to a reminder
	said_at      timestamptz,
	booked_at    timestamptz,
	details      bytea NOT NULL
);
CREATE INDEX appointment_conversation ON appointment (conversation, start);

CREATE TABLE item (
	id           uuid PRIMARY KEY,
	conversation uuid NOT NULL REFERENCES conversation ON DELETE CASCADE,
	kind         text NOT NULL,
	org          text NOT NULL,
	team         text NOT NULL,
	subject      text NOT NULL,
	reason       text NOT NULL,
	text         bytea NOT NULL,
	at           timestamptz,
	deadline     timestamptz,
	settled      timestamptz, -- NULL while it is open
	settled_by   text NOT NULL DEFAULT ''
);
CREATE INDEX item_org ON item (org, deadline) WHERE settled IS NULL;
CREATE INDEX item_conversation ON item (conversation);

-- Append only. It holds nothing personal, and outlives the person.
CREATE TABLE audit (
	id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	conversation uuid,
	at           timestamptz,
	actor        text NOT NULL,
	action       text NOT NULL,
	detail       text NOT NULL
);
CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'the journal is append only';
END $$;
CREATE TRIGGER audit_is_never_rewritten BEFORE UPDATE ON audit
	FOR EACH ROW EXECUTE FUNCTION refuse_rewriting();

-- A refusal belongs to an address and outlives the person; its proof is sealed
-- under the master key.
CREATE TABLE opt_out (
	hash  bytea PRIMARY KEY,
	at    timestamptz NOT NULL,
	proof bytea NOT NULL,
	ended timestamptz
);

CREATE TABLE tombstone (
	hash  bytea PRIMARY KEY,
	until timestamptz NOT NULL
);

CREATE TABLE version (
	name  text NOT NULL,
	hash  text NOT NULL,
	files json NOT NULL, -- path → content in base64
	at    timestamptz,
	PRIMARY KEY (name, hash)
);

CREATE TABLE current (
	name text PRIMARY KEY,
	hash text NOT NULL,
	FOREIGN KEY (name, hash) REFERENCES version
);

-- generation: of flows and territory. territory: the document, with the
-- generation it came with. master_key: the fingerprint. min_binary: the oldest
-- program that can use this schema.
CREATE TABLE setting (
	key    text PRIMARY KEY,
	number bigint NOT NULL DEFAULT 0,
	value  bytea
);
INSERT INTO setting (key, number) VALUES ('generation', 0), ('min_binary', 1);

CREATE TABLE adviser (
	id       text PRIMARY KEY,
	email    text NOT NULL UNIQUE,
	name     text NOT NULL,
	org      text NOT NULL,
	team     text NOT NULL,
	role     text NOT NULL,
	password text NOT NULL,
	disabled boolean NOT NULL,
	created  timestamptz
);

CREATE TABLE session (
	token   bytea PRIMARY KEY, -- hash of it
	adviser text NOT NULL REFERENCES adviser ON DELETE CASCADE,
	until   timestamptz NOT NULL,
	latest  timestamptz NOT NULL
);
CREATE INDEX session_adviser ON session (adviser);
-- +goose StatementEnd

-- +goose Down
DROP TABLE session, adviser, setting, current, version, tombstone, opt_out, audit, item, appointment,
	handoff, answer, job, seen, line, thread, conversation, person;
DROP SEQUENCE lease;
DROP FUNCTION refuse_rewriting;
