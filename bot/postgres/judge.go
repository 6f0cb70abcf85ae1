package postgres

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"relais/bot"
)

// held is the condition on a statement's rows that every write of a wave has:
// their turn held. The judgement leaves the list where all statements of the
// transaction find it.
const held = `turn = ANY ((SELECT current_setting('relais.held')::int4[])::int4[])`

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
	conversations, jobs := p.rows(oidUUID), p.rows(oidText)
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
	turns, jobs, leases := p.rows(), p.rows(oidText), p.rows(oidInt4, oidText, oidInt8)
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
	asked, jobs := p.rows(), p.rows(oidText)
	leases, advisers, active, addresses, errands := p.rows(), p.rows(), p.rows(), p.rows(), p.rows()
	for _, t := range wave {
		asked.row().int4(t.at).text(t.Source).text(t.Event).time(t.At)
		if t.Conversation != nil {
			asked.uuid(t.Conversation.ID).uuid(t.Conversation.Person).int8(t.version).int8(t.Before())
		} else {
			asked.uuid(bot.ID{}).uuid(bot.ID{}).null8().null8()
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
	// Lists without a row add no parameter, and their part is not in the judgement.
	on := counts{leases: leases.n > 0, advisers: active.n > 0, addresses: addresses.n > 0, errands: errands.n > 0}
	p.add(ctx, judgements[on], func(found pgx.Rows) error { return hear(found, wave) }, asked, jobs, leases, active, addresses, errands)
}

// hear gives the turns of a wave their verdicts, and tells those with an errand
// whether its job is born.
func hear(found pgx.Rows, wave []*turn) error {
	var said, born string
	for found.Next() {
		told := found.RawValues()
		said, born = string(told[0]), string(told[3])
	}
	if err := found.Err(); err != nil {
		return err
	}
	if len(said) != len(wave) {
		return errors.New("the judgement of a group is incomplete")
	}
	for i, t := range wave {
		t.outcome = verdicts[said[i]-'0']
	}
	for place := range strings.FieldsSeq(born) {
		i, err := strconv.Atoi(place)
		if err != nil || i >= len(wave) {
			return errors.New("the judgement of a group names no turn of it")
		}
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
