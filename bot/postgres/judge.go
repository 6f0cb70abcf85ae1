package postgres

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"

	"relais/bot"
)

// held is the condition on a statement's rows that every write of a wave has:
// their turn held. The judgement leaves the list where all statements of the
// transaction find it.
const held = `turn = ANY ((SELECT current_setting('relais.held')::int4[])::int4[])`

// judgement locks what the turns of a wave touch, conversations then jobs, each
// in the order of its keys, gives each turn its verdict, and remembers the
// events of those that hold. An event that another instance is remembering at
// this moment is waited for.
//
// The generation is not locked: it is on every turn, and a turn committed just
// before a publication is in order.
//
// It has no joins: what was locked is looked up in hashes, through IN, and a
// single row by its key, through a scalar subquery, since of an EXISTS the
// planner may make a hash of the whole table.
const judgement = `
WITH asked AS (
	SELECT * FROM unnest($1::int4[], $2::text[], $3::text[], $4::timestamptz[], $5::uuid[], $6::uuid[], $7::int8[], $8::int8[])
		AS a(turn, source, event, at, conversation, person, version, generation)
), found AS (
	SELECT id, person, version FROM conversation WHERE id = ANY($5) ORDER BY id FOR UPDATE
), jobs AS (
	SELECT key, token, lease_until FROM job WHERE key = ANY($9::text[]) AND (SELECT count(*) FROM found) >= 0 -- after them
	ORDER BY key FOR UPDATE
), lost AS (
	SELECT turn FROM unnest($10::int4[], $11::text[], $12::int8[]) AS l(turn, key, token)
	WHERE (key, token) NOT IN (SELECT key, token FROM jobs WHERE lease_until IS NOT NULL)
), verdict AS (
	SELECT turn, source, event, at, CASE
		WHEN turn IN (SELECT turn FROM lost) THEN '1'
		WHEN event <> '' AND (SELECT true FROM seen s WHERE s.source = a.source AND s.event = a.event) THEN '2'
		WHEN generation <> (SELECT number FROM setting WHERE key = 'generation') THEN '3'
		WHEN turn IN (
			SELECT g.turn FROM unnest($13::int4[], $14::text[], $15::bool[]) AS g(turn, adviser, active)
			WHERE active <> coalesce((SELECT NOT disabled FROM adviser WHERE id = g.adviser), false)) THEN '3'
		WHEN version > 0 AND (conversation, person, version) NOT IN (SELECT id, person, version FROM found) THEN '4'
		WHEN version < 0 THEN '4'
		WHEN version = 0 AND (conversation IN (SELECT id FROM found) OR (SELECT true FROM person p WHERE p.id = a.person)) THEN '4'
		WHEN turn IN (
			SELECT n.turn FROM unnest($16::int4[], $17::bytea[]) AS n(turn, hash)
			WHERE (SELECT true FROM thread t WHERE t.hash = n.hash)) THEN '4'
		ELSE '0' END AS said
	FROM asked a
), remembered AS (
	INSERT INTO seen (source, event, at) SELECT source, event, at FROM verdict WHERE said = '0' AND event <> ''
	ORDER BY source, event
	ON CONFLICT DO NOTHING RETURNING source, event
), final AS (
	SELECT turn, CASE WHEN said = '0' AND event <> '' AND (source, event) NOT IN (SELECT source, event FROM remembered)
		THEN '2' ELSE said END AS said
	FROM verdict
), born AS (
	SELECT turn FROM unnest($18::int4[], $19::text[]) AS e(turn, key) WHERE key NOT IN (SELECT key FROM jobs)
)
SELECT string_agg(said, '' ORDER BY turn),
	set_config('relais.held', coalesce(array_agg(turn) FILTER (WHERE said = '0'), '{}')::text, true),
	(SELECT count(*) FROM jobs), -- locked even when no lease asks for it
	(SELECT array_agg(turn) FROM born),
	set_config('relais.born', coalesce((SELECT array_agg(turn) FROM born), '{}')::text, true)
FROM final`

// leaseJudgement is the same for turns that count on nothing but leases.
const leaseJudgement = `
WITH jobs AS (
	SELECT key, token, lease_until FROM job WHERE key = ANY($2::text[]) ORDER BY key FOR UPDATE
), lost AS (
	SELECT turn FROM unnest($3::int4[], $4::text[], $5::int8[]) AS l(turn, key, token)
	WHERE (key, token) NOT IN (SELECT key, token FROM jobs WHERE lease_until IS NOT NULL)
), final AS (
	SELECT turn, CASE WHEN turn IN (SELECT turn FROM lost) THEN '1' ELSE '0' END AS said FROM unnest($1::int4[]) AS a(turn)
)
SELECT string_agg(said, '' ORDER BY turn),
	set_config('relais.held', coalesce(array_agg(turn) FILTER (WHERE said = '0'), '{}')::text, true),
	(SELECT count(*) FROM jobs), NULL::int4[], NULL
FROM final`

// verdicts are the outcomes that the judgement gives, by its digits.
var verdicts = [...]error{nil, bot.ErrLease, bot.ErrSeen, bot.ErrGuard, bot.ErrConflict}

const (
	lockConversations = `SELECT FROM conversation WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE`
	lockJobs          = `SELECT FROM job WHERE key = ANY($1::text[]) ORDER BY key FOR UPDATE`
	// An adviser's row stays locked against changes, so that disabling an
	// account waits for the turns that counted on it.
	lockAdvisers = `SELECT FROM adviser WHERE id = ANY($1::text[]) ORDER BY id FOR SHARE`
)

// lockAll locks what the turns of all waves touch, before the first is judged:
// wave by wave, two instances could wait for each other in a circle.
func (p *pipeline) lockAll(ctx context.Context, waves [][]*turn) {
	conversations, jobs := columns(oidUUID), columns(oidText)
	for _, t := range slices.Concat(waves...) {
		if t.Conversation != nil {
			conversations.row().uuid(t.Conversation.ID)
		}
		t.jobKeys(func(key string) { jobs.row().text(key) })
	}
	p.add(ctx, lockConversations, nil, conversations)
	p.add(ctx, lockJobs, nil, jobs)
}

// bare tells whether a turn counts on nothing but leases.
func (t *turn) bare() bool { return t.Conversation == nil && t.Event == "" && len(t.Guards) == 0 }

// judgeLeases queues the judgement of a wave of bare turns.
func (p *pipeline) judgeLeases(ctx context.Context, wave []*turn) {
	turns, jobs, leases := &rows{}, columns(oidText), columns(oidInt4, oidText, oidInt8)
	for _, t := range wave {
		turns.row().int4(t.at)
		t.jobKeys(func(key string) { jobs.row().text(key) })
		t.leases(leases)
	}
	p.add(ctx, leaseJudgement, func(found pgx.Rows) error { return hear(found, wave) }, turns, jobs, leases)
}

// leases writes those that the turn counts on.
func (t *turn) leases(r *rows) {
	for _, job := range []*bot.Job{t.Done, t.Under} {
		if job != nil {
			r.row().int4(t.at).text(job.Key).int8(job.Token)
		}
	}
}

// judge queues the judgement of a wave.
func (p *pipeline) judge(ctx context.Context, wave []*turn) {
	if !slices.ContainsFunc(wave, func(t *turn) bool { return !t.bare() }) {
		p.judgeLeases(ctx, wave)
		return
	}
	asked, jobs, leases := &rows{}, columns(oidText), columns(oidInt4, oidText, oidInt8)
	advisers, active := columns(oidText), columns(oidInt4, oidText, oidBool)
	addresses := columns(oidInt4, oidBytea)
	errands := columns(oidInt4, oidText)
	for _, t := range wave {
		asked.row().int4(t.at).text(t.Source).text(t.Event).time(t.At)
		if t.Conversation != nil {
			asked.uuid(t.Conversation.ID).uuid(t.Conversation.Person).int8(t.version)
		} else {
			asked.uuid(bot.ID{}).uuid(bot.ID{}).null8()
		}
		t.generation(asked)
		t.jobKeys(func(key string) { jobs.row().text(key) })
		t.leases(leases)
		for _, g := range t.Guards {
			if g.Kind == bot.GuardAdviser {
				advisers.row().text(g.Key)
				active.row().int4(t.at).text(g.Key).bool(g.Want == 1)
			}
		}
		for _, n := range t.newcomers {
			addresses.row().int4(t.at).bytes(n.hash[:])
		}
		if t.Errand != nil {
			errands.row().int4(t.at).text(t.Errand.Key)
		}
	}
	if advisers.n > 0 {
		p.add(ctx, lockAdvisers, nil, advisers)
	}
	p.add(ctx, judgement, func(found pgx.Rows) error { return hear(found, wave) }, asked, jobs, leases, active, addresses, errands)
}

// hear gives the turns of a wave their verdicts, and tells those with an errand
// whether its job is born.
func hear(found pgx.Rows, wave []*turn) error {
	var said string
	var born []int32
	if _, err := pgx.ForEachRow(found, []any{&said, nil, nil, &born, nil}, func() error { return nil }); err != nil {
		return err
	}
	if len(said) != len(wave) {
		return errors.New("the judgement of a group is incomplete")
	}
	for i, t := range wave {
		t.outcome = verdicts[said[i]-'0']
	}
	for _, i := range born {
		wave[i].Errand.Born = wave[i].outcome == nil
	}
	return nil
}

// generation writes the one that the turn counts on, or NULL. Two that differ
// never hold.
func (t *turn) generation(r *rows) {
	wanted, guarded := int64(0), false
	for _, g := range t.Guards {
		if g.Kind != bot.GuardGeneration {
			continue
		}
		if guarded && g.Want != wanted {
			wanted = math.MinInt64
			break
		}
		wanted, guarded = g.Want, true
	}
	if !guarded {
		r.null8()
		return
	}
	r.int8(wanted)
}
