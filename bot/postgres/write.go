package postgres

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"relais/bot"
)

// queueWave queues all that the turns of a wave write, table by table, in an
// order that matters: lines are marked and cancelled before the turns' own are
// added, these before the conversation's new owner is written, answers are
// withdrawn before new ones are kept, jobs finished after they were planned
// again, and an outbox is begun when all that is done. A table that no turn
// touches costs nothing.
func (s *Store) queueWave(ctx context.Context, p *pipeline, wave []*turn) {
	// Events are remembered in this order: two instances that are told of the same
	// ones must not wait for each other in a circle.
	slices.SortFunc(wave, func(a, b *turn) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.Event, b.Event))
	})
	for i, t := range wave {
		t.at = i
	}
	p.judge(ctx, wave)
	w := &writer{pipeline: p, s: s, ctx: ctx, all: wave}
	for _, t := range wave {
		if t.version == never {
			continue // it will not hold, and has no key
		}
		if t.sealed = t.Sealed; t.sealed == nil && t.Conversation != nil {
			t.sealed = t.key.SealTurn(t.Commit)
		}
		w.wave = append(w.wave, t)
	}
	w.people()
	w.threads()
	w.marks()
	w.cancels()
	w.lines()
	w.conversations()
	w.withdrawals()
	w.answers()
	w.handOffs()
	w.appointments()
	w.items()
	w.optOuts()
	w.jobs()
	w.journal()
	w.begins()
}

// writer queues the statements of one wave. Each of its methods is about one
// table.
type writer struct {
	*pipeline
	s    *Store
	ctx  context.Context
	all  []*turn // of the wave, each at its place
	wave []*turn // those that may hold
}

// put queues a statement for rows, if there are any.
func (w *writer) put(sql string, r *rows) {
	if r.n > 0 {
		w.add(w.ctx, sql, nil, r)
	}
}

// stages are rows parted so that no statement meets the same row of a table
// twice: what a turn says of it again goes into a later one.
type stages struct {
	w    *writer
	list []*rows
}

func (w *writer) stages() stages { return stages{w: w} }

func (s *stages) at(k int) *rows {
	for k >= len(s.list) {
		s.list = append(s.list, s.w.rows())
	}
	return s.list[k]
}

// putAll queues a statement once per stage.
func (w *writer) putAll(sql string, s stages) {
	for _, r := range s.list {
		w.put(sql, r)
	}
}

// before counts the elements ahead of list[i] that are about the same row.
func before[T any](list []T, i int, same func(a, b *T) bool) (count int) {
	for j := range i {
		if same(&list[j], &list[i]) {
			count++
		}
	}
	return count
}

const (
	insertPeople = `
INSERT INTO person (id, key, created)
SELECT id, key, created FROM unnest($1::int4[], $2::uuid[], $3::bytea[], $4::timestamptz[]) AS n(turn, id, key, created)
WHERE ` + held

	// conversationArrays are the parameters of both statements below.
	conversationArrays = `unnest($1::int4[], $2::uuid[], $3::uuid[], $4::int8[], $5::bytea[], $6::timestamptz[], $7::timestamptz[],
		$8::text[], $9::text[], $10::int8[], $11::int8[], $12::text[], $13::int8[], $14::text[], $15::text[], $16::text[], $17::text[],
		$18::uuid[], $19::text[], $20::bool[], $21::bool[], $22::timestamptz[], $23::timestamptz[], $24::timestamptz[], $25::text[])
	AS n(turn, id, person, version, state, created, heard, lang, channel, n, epoch, step, booked,
		owner_kind, owner_org, owner_team, owner_adviser, handoff, reason, urgent, crisis, since, waiting, deadline, last_org)`

	insertConversations = `
INSERT INTO conversation (id, person, version, state, created, heard, lang, channel, n, epoch, step, booked,
	owner_kind, owner_org, owner_team, owner_adviser, handoff, reason, urgent, crisis, since, waiting, deadline, last_org)
SELECT id, person, version, state, created, heard, lang, channel, n, epoch, step, booked,
	owner_kind, owner_org, owner_team, owner_adviser, handoff, reason, urgent, crisis, since, waiting, deadline, last_org
FROM ` + conversationArrays + ` WHERE ` + held

	updateConversations = `
UPDATE conversation c SET version = n.version, state = n.state, heard = n.heard, lang = n.lang, channel = n.channel,
	n = n.n, epoch = n.epoch, step = n.step, booked = n.booked,
	owner_kind = n.owner_kind, owner_org = n.owner_org, owner_team = n.owner_team, owner_adviser = n.owner_adviser,
	handoff = n.handoff, reason = n.reason, urgent = n.urgent, crisis = n.crisis, since = n.since,
	waiting = n.waiting, deadline = n.deadline, last_org = CASE n.last_org WHEN '' THEN c.last_org ELSE n.last_org END
FROM ` + conversationArrays + ` WHERE c.id = n.id AND ` + held

	insertThreads = `
INSERT INTO thread (id, hash, conversation, person, channel, address)
SELECT id, hash, conversation, person, channel, address
FROM unnest($1::int4[], $2::uuid[], $3::bytea[], $4::uuid[], $5::uuid[], $6::text[], $7::bytea[])
	AS n(turn, id, hash, conversation, person, channel, address)
WHERE ` + held + ` ORDER BY hash`
)

// people adds new people with their conversations.
func (w *writer) people() {
	people, conversations := w.rows(), w.rows()
	for _, t := range w.wave {
		if !t.newcomer() {
			continue
		}
		c := t.Conversation
		people.row().int4(t.at).uuid(c.Person).bytes(w.s.keys.Wrap(t.key, c.Person)).time(c.Created)
		t.conversation(conversations)
	}
	w.put(insertPeople, people)
	w.put(insertConversations, conversations)
}

// conversations moves those that exist to their next version.
func (w *writer) conversations() {
	r := w.rows()
	for _, t := range w.wave {
		if t.Conversation != nil && !t.newcomer() {
			t.conversation(r)
		}
	}
	w.put(updateConversations, r)
}

// conversation writes the row of the next version: the sealed state, and the
// copies in clear that views and the inbox need.
func (t *turn) conversation(r *rows) {
	c := t.Conversation
	var h bot.HandOff
	if c.HandOff != nil {
		h = *c.HandOff
	}
	handedTo := ""
	if last := len(t.HandOffs) - 1; last >= 0 {
		handedTo = t.HandOffs[last].HandOff.Organisation
	}
	r.row().int4(t.at).uuid(c.ID).uuid(c.Person).int8(c.Version + 1).bytes(t.sealed.State).
		time(c.Created).time(c.Heard).text(c.Lang).text(string(heardOn(c))).int8(c.N).int8(c.Epoch).text(c.Step).int8(int64(c.Booked)).
		text(string(c.Owner.Kind)).text(c.Owner.Organisation).text(c.Owner.Team).text(c.Owner.Adviser).
		uuid(h.ID).text(h.Reason).bool(h.Urgent).bool(isCrisis(h.Reason)).time(h.Since).time(h.Waiting).time(h.Deadline).
		text(handedTo)
}

// isCrisis tells whether a hand-off was asked for by the crisis check: its
// reasons are crisis_suicide and the like.
func isCrisis(reason string) bool { return strings.HasPrefix(reason, "crisis") }

// heardOn is the channel the person last wrote on, else the first there is.
func heardOn(c *bot.Conversation) bot.Channel {
	var last bot.Thread
	for i, th := range c.Threads {
		if i == 0 || th.HeardAt.After(last.HeardAt) {
			last = th
		}
	}
	return last.Channel
}

// threads adds the addresses the turns brought, in the order of their hashes:
// there is no row to lock for them yet, and two instances that meet the same
// people must not wait for each other in a circle.
func (w *writer) threads() {
	r := w.rows()
	for _, t := range w.wave {
		for _, n := range t.newcomers {
			r.row().int4(t.at).uuid(n.thread).bytes(n.hash[:]).uuid(t.Conversation.ID).uuid(t.Conversation.Person).
				text(string(n.address.Channel)).bytes(t.key.SealAddress(n.thread, n.address))
		}
	}
	w.put(insertThreads, r)
}

const insertAudit = `
INSERT INTO audit (conversation, at, actor, action, detail)
SELECT conversation, at, actor, action, detail
FROM unnest($1::int4[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[])
	WITH ORDINALITY AS n(turn, conversation, at, actor, action, detail, place)
WHERE ` + held + ` ORDER BY place`

// journal adds the turns' entries.
func (w *writer) journal() {
	r := w.rows()
	for _, t := range w.wave {
		for _, e := range t.Audit {
			r.row().int4(t.at).uuid(t.id()).time(e.At).text(e.Actor).text(e.Action).text(e.Detail)
		}
	}
	w.put(insertAudit, r)
}

// id is the conversation of a turn; zero for a turn without one.
func (t *turn) id() bot.ID {
	if t.Conversation == nil {
		return bot.ID{}
	}
	return t.Conversation.ID
}
