package postgres_test

import (
	"fmt"
	"net"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"relais/bot"
	"relais/bot/appointments"
	"relais/bot/postgres"
	"relais/test/pgtest"
)

// A turn takes at most two round trips, its load and its commit, however many
// turns share the commit; so does a delivery.
func TestRoundTrips(t *testing.T) {
	const group = 32
	through := count(t, pgtest.Start(t))
	s := open(t, postgres.Config{URL: through.url, Keys: keyring(t, 1), Pool: 1})

	events := 0
	turns := func(change func(*bot.Commit)) (list []*bot.Commit) {
		for k := range group {
			events++
			turn, err := nextTurn(t.Context(), s, number(k), fmt.Sprint("event-", events))
			if err != nil {
				t.Fatal(err)
			}
			change(turn)
			list = append(list, turn)
		}
		return list
	}
	commit := func(list []*bot.Commit) {
		outcomes, err := s.Commit(t.Context(), list, nil)
		for i := 0; err == nil && i < len(outcomes); i++ {
			err = outcomes[i]
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	// Everything below is done twice: the first time a connection prepares the
	// statements.
	expect := func(what string, trips int64, prepare func() func()) {
		t.Helper()
		prepare()()
		do := prepare()
		before := through.trips.Load()
		do()
		if got := through.trips.Load() - before; got != trips {
			t.Errorf("%s: %d round trips, want %d", what, got, trips)
		}
	}
	commits := func(change func(*bot.Commit)) func() func() {
		return func() func() {
			list := turns(change)
			return func() { commit(list) }
		}
	}

	commit(turns(func(*bot.Commit) {}))
	expect("a group of turns", 1, commits(func(*bot.Commit) {}))
	expect("turns with rows of every kind", 1, commits(func(c *bot.Commit) {
		c.Answers = []bot.Answer{{Key: "a", At: start}}
		c.HandOffs = []bot.Hand{{HandOff: bot.HandOff{ID: newID(), Organisation: "a", Since: start}}}
		c.Items = []bot.Item{{ID: newID(), Organisation: "a", At: start}}
		c.Booked = []appointments.Appointment{{Key: appointments.Key{Source: "csv", ExternalID: c.Event}, Start: start}}
		c.Conversation.Booked++
		c.Audit = []bot.AuditEntry{{At: start, Actor: "system", Action: "x"}}
		c.Forget = []string{"none"}
		c.Guards = []bot.Guard{{Kind: bot.GuardGeneration}}
		c.Cancels = []bot.Cancel{{Bot: true}}
	}))
	expect("a group where two turns are of one person", 1, func() func() {
		list := turns(func(*bot.Commit) {})
		list[1].Marks = []bot.Mark{{Conversation: list[0].Conversation.ID, N: 2, Delivery: bot.Begun}}
		return func() { commit(list) }
	})
	expect("a load", 1, func() func() {
		return func() {
			if l, err := s.Load(t.Context(), bot.Ref{Address: number(1)}); err != nil || len(l.Booked) == 0 {
				t.Fatal(len(l.Booked), err)
			}
		}
	})
	var jobs []bot.Job
	expect("a claim", 1, func() func() {
		commit(turns(func(*bot.Commit) {}))
		return func() {
			claimed, _, err := s.Due(t.Context(), start, group/2, time.Minute)
			if err != nil || len(claimed) != group/2 {
				t.Fatal(len(claimed), err)
			}
			jobs = append(jobs, claimed...)
		}
	})
	expect("deliveries that end a line and begin the next", 1, func() func() {
		half := jobs[:group/2]
		jobs = jobs[group/2:]
		var list []*bot.Commit
		for i := range half {
			job := half[i]
			list = append(list, &bot.Commit{At: start, Under: &job, Begin: &bot.Begin{Thread: job.Thread},
				Marks: []bot.Mark{{Conversation: job.Conversation, N: 2, Delivery: bot.Accepted, Provider: newID().String()}}})
		}
		return func() {
			commit(list)
			for _, c := range list {
				if c.Begin.Outbox.Lines[0].Delivery != bot.Begun {
					t.Error("nothing was begun")
				}
			}
		}
	})
	expect("an outbox", 1, func() func() {
		l, err := s.Load(t.Context(), bot.Ref{Address: number(1)})
		if err != nil {
			t.Fatal(err)
		}
		return func() {
			if _, err := s.Outbox(t.Context(), l.Thread, 2); err != nil {
				t.Fatal(err)
			}
		}
	})

	// An instance that has just started knows one person's key, and asks for
	// the others' once.
	list := turns(func(*bot.Commit) {})
	s = open(t, postgres.Config{URL: through.url, Keys: keyring(t, 1), Pool: 1})
	commit(list[:1])
	commit(list[1:2])
	before := through.trips.Load()
	commit(list[2:])
	if got := through.trips.Load() - before; got != 2 {
		t.Errorf("turns of people not met yet: %d round trips, want 2", got)
	}
}

// counter stands between a store and its server, and counts how often the
// store spoke after it had been answered.
type counter struct {
	url   string
	trips atomic.Int64
}

func count(t *testing.T, at string) *counter {
	t.Helper()
	conf, err := pgx.ParseConfig(at)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	u := url.URL{Scheme: "postgres", User: url.UserPassword(conf.User, conf.Password), Host: listener.Addr().String(),
		Path: "/" + conf.Database, RawQuery: "sslmode=disable"}
	c := &counter{url: u.String()}
	network, address := pgconn.NetworkAddress(conf.Host, conf.Port)
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // closed
			}
			server, err := net.Dial(network, address)
			if err != nil {
				client.Close()
				return
			}
			c.join(client, server)
		}
	}()
	return c
}

// join passes bytes on until one side hangs up.
func (c *counter) join(client, server net.Conn) {
	var answered atomic.Bool
	answered.Store(true)
	pass := func(to, from net.Conn, seen func()) {
		defer to.Close()
		buf := make([]byte, 64<<10)
		for {
			n, err := from.Read(buf)
			if n > 0 {
				seen()
				if _, err := to.Write(buf[:n]); err != nil {
					return
				}
			}
			if err != nil {
				return
			}
		}
	}
	go pass(server, client, func() {
		if answered.Swap(false) {
			c.trips.Add(1)
		}
	})
	go pass(client, server, func() { answered.Store(true) })
}
