package postgres

import (
	"strings"

	"relais/bot"
	"relais/bot/appointments"
)

const (
	deleteAnswers = `
DELETE FROM answer a USING unnest($1::int4[], $2::uuid[]) AS n(turn, conversation)
WHERE a.conversation = n.conversation AND ` + held

	deleteLastAnswers = `
DELETE FROM answer a USING unnest($1::int4[], $2::uuid[], $3::text[]) AS n(turn, conversation, key)
WHERE a.conversation = n.conversation AND a.key = n.key AND ` + held + `
	AND a.at = (SELECT max(at) FROM answer l WHERE l.conversation = n.conversation AND l.key = n.key)`

	insertAnswers = `
INSERT INTO answer (conversation, key, at, codes, by_, flow, shared, body)
SELECT conversation, key, at, codes::text[], by_, flow, shared, body
FROM unnest($1::int4[], $2::uuid[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::bool[], $9::bytea[])
	AS n(turn, conversation, key, at, codes, by_, flow, shared, body)
WHERE ` + held

	// replaceAnswers is for a turn that is alone. An answer at the very time of
	// an earlier one is so rare that a group rather clashes with it, and is
	// committed turn by turn, than looks for it before each row.
	replaceAnswers = insertAnswers + `
ON CONFLICT (conversation, key, at) DO UPDATE SET (codes, by_, flow, shared, body)
= (excluded.codes, excluded.by_, excluded.flow, excluded.shared, excluded.body)`

	shareAnswers = `
UPDATE answer a SET shared = true FROM unnest($1::int4[], $2::uuid[]) AS n(turn, conversation)
WHERE a.conversation = n.conversation AND NOT a.shared AND ` + held
)

// withdrawals takes back what was withdrawn: the last answer under a key, or
// all of them.
func (w *writer) withdrawals() {
	all, last := w.rows(), w.stages()
	for _, t := range w.wave {
		for i, key := range t.Withdrawn {
			if key == "" {
				all.row().int4(t.at).uuid(t.Conversation.ID)
				continue
			}
			stage := before(t.Withdrawn, i, func(a, b *string) bool { return *a == *b })
			last.at(stage).row().int4(t.at).uuid(t.Conversation.ID).text(key)
		}
	}
	w.put(deleteAnswers, all)
	w.putAll(deleteLastAnswers, last)
}

// answers keeps the turns' answers, of two under one key at one time the last,
// and opens them all to the team when the person agreed.
func (w *writer) answers() {
	kept, shared := w.stages(), w.rows()
	same := func(a, b *bot.Answer) bool { return a.Key == b.Key && a.At.UnixMicro() == b.At.UnixMicro() }
	for _, t := range w.wave {
		for i := range t.Answers {
			a := &t.Answers[i]
			kept.at(before(t.Answers, i, same)).row().int4(t.at).uuid(t.Conversation.ID).text(a.Key).time(a.At).text(arrayLiteral(a.Codes)).
				text(string(a.By)).text(a.Flow).bool(a.Shared).bytes(t.sealed.Answers[i])
		}
		if t.Share {
			shared.row().int4(t.at).uuid(t.Conversation.ID)
		}
	}
	sql := insertAnswers
	if len(w.all) == 1 || len(kept.list) > 1 {
		sql = replaceAnswers
	}
	w.putAll(sql, kept)
	w.put(shareAnswers, shared)
}

// arrayLiteral writes an array as a text that is cast to one: an array of
// arrays would have to be as wide everywhere.
func arrayLiteral(list []string) string {
	if len(list) == 0 {
		return "{}"
	}
	var b strings.Builder
	for i, s := range list {
		b.WriteByte("{,"[min(i, 1)])
		b.WriteByte('"')
		quoted.WriteString(&b, s)
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}

var quoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

const upsertHandOffs = `
INSERT INTO handoff (id, conversation, state, org, team, reason, urgent, asked_by, flow, step, since, deadline,
	waiting, missed, acknowledged, alerts, asked, adviser, outcome, ended)
SELECT id, conversation, state, org, team, reason, urgent, asked_by, flow, step, since, deadline,
	waiting, missed, acknowledged, alerts, asked, adviser, outcome, ended
FROM unnest($1::int4[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[], $9::text[], $10::text[],
		$11::text[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::int8[], $16::bool[], $17::int8[], $18::int8[],
		$19::text[], $20::text[], $21::timestamptz[])
	AS n(turn, id, conversation, state, org, team, reason, urgent, asked_by, flow, step, since, deadline,
		waiting, missed, acknowledged, alerts, asked, adviser, outcome, ended)
WHERE ` + held + `
ON CONFLICT (id) DO UPDATE SET (state, org, team, reason, urgent, asked_by, flow, step, since, deadline,
	waiting, missed, acknowledged, alerts, asked, adviser, outcome, ended)
= (excluded.state, excluded.org, excluded.team, excluded.reason, excluded.urgent, excluded.asked_by, excluded.flow,
	excluded.step, excluded.since, excluded.deadline, excluded.waiting, excluded.missed, excluded.acknowledged,
	excluded.alerts, excluded.asked, excluded.adviser, excluded.outcome, excluded.ended)
WHERE handoff.conversation = excluded.conversation`

// handOffs opens hand-offs, and tells what became of them.
func (w *writer) handOffs() {
	r := w.stages()
	same := func(a, b *bot.Hand) bool { return a.HandOff.ID == b.HandOff.ID }
	for _, t := range w.wave {
		for i := range t.HandOffs {
			hand := &t.HandOffs[i]
			h := &hand.HandOff
			r.at(before(t.HandOffs, i, same)).row().int4(t.at).uuid(h.ID).uuid(t.Conversation.ID).text(string(h.State)).
				text(h.Organisation).text(h.Team).text(h.Reason).bool(h.Urgent).text(string(h.AskedBy)).text(h.Flow).text(h.Step).
				time(h.Since).time(h.Deadline).time(h.Waiting).int8(int64(h.Missed)).bool(h.Acknowledged).int8(int64(h.Alerts)).
				int8(h.Asked).text(hand.Adviser).text(hand.Outcome).time(hand.Ended)
		}
	}
	w.putAll(upsertHandOffs, r)
}

const upsertAppointments = `
INSERT INTO appointment (hash, person, conversation, start, duration, status, revision, org, kind, sensitive,
	lang, said, said_at, booked_at, details)
SELECT hash, person, conversation, start, duration * interval '1 microsecond', status, revision, org, kind, sensitive,
	lang, said, said_at, booked_at, details
FROM unnest($1::int4[], $2::bytea[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::int8[], $7::text[], $8::int8[], $9::text[],
		$10::text[], $11::bool[], $12::text[], $13::text[], $14::timestamptz[], $15::timestamptz[], $16::bytea[])
	AS n(turn, hash, person, conversation, start, duration, status, revision, org, kind, sensitive,
		lang, said, said_at, booked_at, details)
WHERE ` + held + ` ORDER BY hash
ON CONFLICT (hash) DO UPDATE SET (person, conversation, start, duration, status, revision, org, kind, sensitive,
	lang, said, said_at, booked_at, details)
= (excluded.person, excluded.conversation, excluded.start, excluded.duration, excluded.status, excluded.revision,
	excluded.org, excluded.kind, excluded.sensitive, excluded.lang, excluded.said, excluded.said_at,
	excluded.booked_at, excluded.details)`

// appointments writes appointments. One that was another person's (the source
// corrected a number) becomes this one's, sealed under their key.
func (w *writer) appointments() {
	r := w.stages()
	same := func(a, b *appointments.Appointment) bool { return a.Key == b.Key }
	for _, t := range w.wave {
		for i := range t.Booked {
			a, hash := &t.Booked[i], t.booked[i]
			r.at(before(t.Booked, i, same)).row().int4(t.at).bytes(hash[:]).uuid(t.Conversation.Person).uuid(t.Conversation.ID).
				time(a.Start).int8(a.Duration.Microseconds()).text(string(a.Status)).int8(int64(a.Revision)).text(a.Organisation).
				text(a.Kind).bool(a.Sensitive).text(a.Lang).text(a.Said).time(a.SaidAt).time(a.BookedAt).bytes(t.key.SealAppointment(hash, a))
		}
	}
	w.putAll(upsertAppointments, r)
}

const (
	insertItems = `
INSERT INTO item (id, conversation, person, kind, org, team, subject, reason, text, at, deadline)
SELECT id, conversation, person, kind, org, team, subject, reason, body, at, deadline
FROM unnest($1::int4[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bytea[],
		$11::timestamptz[], $12::timestamptz[])
	AS n(turn, id, conversation, person, kind, org, team, subject, reason, body, at, deadline)
WHERE ` + held

	settleItems = `
UPDATE item i SET settled = n.at, settled_by = n.by_
FROM unnest($1::int4[], $2::uuid[], $3::text[], $4::timestamptz[], $5::text[]) AS n(turn, id, org, at, by_)
WHERE i.id = n.id AND i.org = n.org AND coalesce(i.settled, 'infinity') = 'infinity' AND ` + held
)

// items leaves work for the people of organisations, and closes what is done.
func (w *writer) items() {
	left, done := w.rows(), w.rows()
	for _, t := range w.wave {
		for i := range t.Items {
			n := &t.Items[i]
			left.row().int4(t.at).uuid(n.ID).uuid(t.Conversation.ID).uuid(t.Conversation.Person).text(n.Kind).text(n.Organisation).
				text(n.Team).text(n.Subject).text(n.Reason).bytes(t.key.SealItem(n)).time(n.At).time(n.Deadline)
		}
		for _, n := range t.Settled {
			done.row().int4(t.at).uuid(n.Item).text(n.Organisation).time(t.At).text(n.By)
		}
	}
	w.put(insertItems, left)
	w.put(settleItems, done)
}

const (
	upsertOptOuts = `
INSERT INTO opt_out (hash, at, proof)
SELECT hash, at, proof FROM unnest($1::int4[], $2::bytea[], $3::timestamptz[], $4::bytea[]) AS n(turn, hash, at, proof)
WHERE ` + held + ` ORDER BY hash
ON CONFLICT (hash) DO UPDATE SET (at, proof, ended) = (excluded.at, excluded.proof, NULL)`

	endOptOuts = `
UPDATE opt_out o SET ended = n.at FROM unnest($1::int4[], $2::bytea[], $3::timestamptz[]) AS n(turn, hash, at)
WHERE o.hash = n.hash AND o.ended IS NULL AND ` + held
)

// optOuts keeps or ends the refusal of an address, under its hash: it outlives
// the person.
func (w *writer) optOuts() {
	refused, over := w.stages(), w.rows()
	same := func(a, b *bot.OptOut) bool { return a.Thread == b.Thread }
	for _, t := range w.wave {
		for i, o := range t.OptOuts {
			hash := t.opting[o.Thread]
			refused.at(before(t.OptOuts, i, same)).row().int4(t.at).bytes(hash[:]).time(o.At).bytes(w.s.keys.SealProof(hash, o.Proof))
		}
		for _, o := range t.OptIns {
			hash := t.opting[o.Thread]
			over.row().int4(t.at).bytes(hash[:]).time(o.At)
		}
	}
	w.putAll(upsertOptOuts, refused)
	w.put(endOptOuts, over)
}
