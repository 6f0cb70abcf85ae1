-- The same turn as one function call, on the program's own tables: it reads the
-- conversation under a lock, remembers the event, moves the conversation on
-- with a state of 1 KB, writes what was said and what is answered, and plans the
-- delivery. The program does more in a turn (it checks a signature, seals,
-- decides); this is what the database alone would take.
CREATE FUNCTION bench_id(kind int, who int) RETURNS uuid IMMUTABLE LANGUAGE sql AS $$
	SELECT (lpad(to_hex(kind), 8, '0') || lpad(to_hex(who), 24, '0'))::uuid
$$;

INSERT INTO person (id, key, created)
	SELECT bench_id(1, i), decode(repeat('a5', 61), 'hex'), now() FROM generate_series(0, :people - 1) i;
INSERT INTO conversation (id, person, version, state, created, heard, lang, channel, n, epoch, step, owner_kind,
		owner_org, owner_team, owner_adviser, reason, urgent, crisis, booked)
	SELECT bench_id(2, i), bench_id(1, i), 1, decode(repeat('5a', 1000), 'hex'), now(), now(), 'fr', 'sms', 0, 0,
		'prediagnostic/q01', 'assistant', '', '', '', '', false, false, 0 FROM generate_series(0, :people - 1) i;
INSERT INTO thread (id, hash, conversation, person, channel, address)
	SELECT bench_id(3, i), sha256(bench_id(3, i)::text::bytea), bench_id(2, i), bench_id(1, i), 'sms', decode(repeat('a5', 41), 'hex')
	FROM generate_series(0, :people - 1) i;

CREATE FUNCTION bench_turn(who int, st bytea) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	conv uuid := bench_id(2, who);
	th   uuid := bench_id(3, who);
	at   timestamptz := clock_timestamp();
	v    bigint;
	k    bigint;
	old  bytea;
BEGIN
	SELECT version, n, state INTO v, k, old FROM conversation WHERE id = conv FOR UPDATE;
	INSERT INTO seen (source, event, at) VALUES ('twilio', 'SM' || replace(gen_random_uuid()::text, '-', ''), at);
	UPDATE conversation SET version = v + 1, state = st, heard = at, n = k + 2, step = 'prediagnostic/q02' WHERE id = conv;
	INSERT INTO line (conversation, n, thread, seq, from_, adviser, audience, org, at, key, epoch, lane, class, delivery,
			provider, error, segments, body)
	VALUES (conv, k + 1, th, k + 1, 'person', '', 'all', '', at, '', 0, 0, 'said', 0, '', 0, 0, substr(st, 1, 45)),
		(conv, k + 2, th, k + 2, 'assistant', '', 'all', '', at, '', 0, 1, 'reply', 1, '', 0, 1, substr(st, 1, 180));
	INSERT INTO job (key, kind, lane, due, conversation, thread, subject, revision)
	VALUES ('deliver:' || th, 'deliver', 1, at, conv, th, '', 0)
	ON CONFLICT (key) DO UPDATE SET due = excluded.due, lane = least(job.lane, excluded.lane), serial = job.serial + 1;
	RETURN v + 1;
END $$;
