package storetest

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"relais/bot"
	"relais/bot/appointments"
)

// twins is a store that asks two others the same, and tells when they do not
// answer the same. What a store draws by itself, the tokens of leases and the
// places where batches of a purge end, is compared by what it means.
type twins struct {
	one, two Store
	tokens   map[int64]int64                  // of leases, those of the first store → of the second
	differ   func(format string, args ...any) // is told of the first difference
}

func newTwins(one, two Store) *twins {
	return &twins{one: one, two: two, tokens: map[int64]int64{}}
}

// kinds are the errors that mean the same on every store.
var kinds = []error{bot.ErrConflict, bot.ErrSeen, bot.ErrGuard, bot.ErrLease, bot.ErrNotFound}

// kind says what an error means; the wording of a store's own trouble is its
// own.
func kind(err error) string {
	if err == nil {
		return "no error"
	}
	for _, known := range kinds {
		if is(err, known) {
			return known.Error()
		}
	}
	return "trouble"
}

// agree compares two answers, and the errors that came with them.
func (w *twins) agree(what string, one, two any, errOne, errTwo error) {
	if kind(errOne) != kind(errTwo) {
		w.differ("%s: one store answers %v, the other %v", what, errOne, errTwo)
	}
	if reflect.DeepEqual(one, two) {
		return
	}
	if diff := cmp.Diff(one, two, cmpopts.EquateEmpty()); diff != "" {
		w.differ("%s: the stores differ (-one +other):\n%s", what, diff)
	}
}

// both asks both stores at once, and returns the answer of the first.
func both[T any](w *twins, what string, ask func(Store) (T, error)) (T, error) {
	var two T
	var errTwo error
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		two, errTwo = ask(w.two)
	}()
	one, errOne := ask(w.one)
	<-answered
	w.agree(what, one, two, errOne, errTwo)
	return one, errOne
}

// tell asks both stores something that has no answer but an error.
func (w *twins) tell(what string, ask func(Store) error) error {
	_, err := both(w, what, func(s Store) (struct{}, error) { return struct{}{}, ask(s) })
	return err
}

func (w *twins) Commit(ctx context.Context, group []*bot.Commit, meanwhile func()) ([]error, error) {
	other := make([]*bot.Commit, len(group))
	for i, c := range group {
		other[i] = w.asSecond(c)
		w.two.Seal(other[i]) // and not the first: sealed ahead or not, it is the same
	}
	one, errOne := w.one.Commit(ctx, group, meanwhile)
	two, errTwo := w.two.Commit(ctx, other, nil)
	w.agree("commit", kindsOf(one), kindsOf(two), errOne, errTwo)
	for i, c := range group {
		w.agree(fmt.Sprintf("turn %d of %d begins", i, len(group)), c.Begin, other[i].Begin, nil, nil)
		w.agree(fmt.Sprintf("turn %d of %d takes up", i, len(group)), c.Errand, other[i].Errand, nil, nil)
		w.agree(fmt.Sprintf("the job of turn %d of %d comes again", i, len(group)), c.Again, other[i].Again, nil, nil)
	}
	return one, errOne
}

func (w *twins) Seal(c *bot.Commit) { w.one.Seal(c) }

func kindsOf(outcomes []error) []string {
	list := make([]string, len(outcomes))
	for i, err := range outcomes {
		list[i] = kind(err)
	}
	return list
}

// asSecond is a turn as the second store is given it: under the tokens it knows
// the leases by, with room of its own for what the store tells.
func (w *twins) asSecond(c *bot.Commit) *bot.Commit {
	other := *c
	other.Done, other.Under = w.leaseOfSecond(c.Done), w.leaseOfSecond(c.Under)
	other.Sealed = nil
	if c.Begin != nil {
		begin := *c.Begin
		other.Begin = &begin
	}
	if c.Errand != nil {
		errand := *c.Errand
		other.Errand = &errand
	}
	return &other
}

func (w *twins) leaseOfSecond(j *bot.Job) *bot.Job {
	if j == nil {
		return nil
	}
	other := *j
	if token, known := w.tokens[j.Token]; known {
		other.Token = token
	}
	return &other
}

func withoutTokens(jobs []bot.Job) []bot.Job {
	list := make([]bot.Job, len(jobs))
	for i, j := range jobs {
		j.Token = 0
		list[i] = j
	}
	return list
}

// Due compares what is claimed. When the next one is due is checked by the
// model: it need not be the same.
func (w *twins) Due(ctx context.Context, now time.Time, limit int, lease time.Duration) ([]bot.Job, time.Time, error) {
	one, next, errOne := w.one.Due(ctx, now, limit, lease)
	two, nextOther, errTwo := w.two.Due(ctx, now, limit, lease)
	w.agree("due", withoutTokens(one), withoutTokens(two), errOne, errTwo)
	w.agree("whether a job is left", next.IsZero(), nextOther.IsZero(), nil, nil)
	for i := range min(len(one), len(two)) {
		w.tokens[one[i].Token] = two[i].Token
	}
	return one, next, errOne
}

func (w *twins) Renew(ctx context.Context, jobs []bot.Job, until time.Time) ([]bot.Job, error) {
	other := make([]bot.Job, len(jobs))
	for i := range jobs {
		other[i] = *w.leaseOfSecond(&jobs[i])
	}
	one, errOne := w.one.Renew(ctx, jobs, until)
	two, errTwo := w.two.Renew(ctx, other, until)
	w.agree("renew", withoutTokens(one), withoutTokens(two), errOne, errTwo)
	return one, errOne
}

// Purge walks through the whole class: where a batch ends is each store's own.
func (w *twins) Purge(ctx context.Context, p bot.Purge) (bot.Purged, error) {
	return both(w, fmt.Sprintf("purge %s", p.Class), func(s Store) (all bot.Purged, err error) {
		for p := p; ; {
			purged, err := s.Purge(ctx, p)
			all.Gone += purged.Gone
			if p.After = purged.Next; p.After == "" || err != nil {
				return all, err
			}
		}
	})
}

// Marker is each store's own.
func (w *twins) Marker(ctx context.Context) (int64, error) { return w.one.Marker(ctx) }

func (w *twins) Close() error {
	return w.tell("close", func(s Store) error { return s.Close() })
}

func (w *twins) Load(ctx context.Context, ref bot.Ref) (bot.Loaded, error) {
	return both(w, "load", func(s Store) (bot.Loaded, error) { return s.Load(ctx, ref) })
}

func (w *twins) Outbox(ctx context.Context, thread bot.ID, limit int) (bot.Outbox, error) {
	return both(w, "outbox", func(s Store) (bot.Outbox, error) { return s.Outbox(ctx, thread, limit) })
}

func (w *twins) History(ctx context.Context, q bot.HistoryQuery) ([]bot.Line, error) {
	return both(w, "history", func(s Store) ([]bot.Line, error) { return s.History(ctx, q) })
}

func (w *twins) Session(ctx context.Context, a bot.Address) (bot.Session, error) {
	return both(w, "session", func(s Store) (bot.Session, error) { return s.Session(ctx, a) })
}

func (w *twins) Known(ctx context.Context, source string, events []string) (map[string]bool, error) {
	return both(w, "known", func(s Store) (map[string]bool, error) { return s.Known(ctx, source, events) })
}

func (w *twins) Statistics(ctx context.Context, now time.Time) (bot.Statistics, error) {
	return both(w, "statistics", func(s Store) (bot.Statistics, error) { return s.Statistics(ctx, now) })
}

// booked is an appointment and whose it is.
type booked struct {
	Appointment  appointments.Appointment
	Conversation bot.ID
}

func (w *twins) Appointment(ctx context.Context, key appointments.Key) (appointments.Appointment, bot.ID, error) {
	found, err := both(w, "appointment", func(s Store) (b booked, err error) {
		b.Appointment, b.Conversation, err = s.Appointment(ctx, key)
		return b, err
	})
	return found.Appointment, found.Conversation, err
}
