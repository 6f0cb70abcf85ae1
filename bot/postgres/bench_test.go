package postgres_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"relais/bot"
	"relais/bot/postgres"
	"relais/flows"
	"relais/test/pgtest"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// ids numbers whatever the tests of this package create.
var ids atomic.Uint64

func newID() (id bot.ID) {
	id[0] = 1
	binary.BigEndian.PutUint64(id[8:], ids.Add(1))
	return id
}

// nextTurn is a typical turn of whoever is at an address: what they said, the
// answer that waits to be sent, and the job that sends it.
func nextTurn(ctx context.Context, s bot.Store, a bot.Address, event string) (*bot.Commit, error) {
	l, err := s.Load(ctx, bot.Ref{Address: a})
	if err != nil {
		return nil, err
	}
	c := l.Conversation
	if l.Fresh != nil {
		c = bot.Conversation{ID: newID(), Person: newID(), Created: start, Lang: "fr", Owner: bot.Owner{Kind: bot.Assistant},
			Threads: []bot.Thread{{ID: newID(), Channel: a.Channel}}}
	}
	turn := turnOf(&c, event)
	if l.Fresh != nil {
		turn.Addresses = map[bot.ID]bot.Address{c.Threads[0].ID: a}
	}
	return turn, nil
}

func turnOf(c *bot.Conversation, event string) *bot.Commit {
	turn := &bot.Commit{Source: "test", Event: event, At: start, Conversation: c}
	th := &c.Threads[0]
	for _, l := range []bot.Line{
		{From: bot.FromPerson, Text: "oui", Class: "said"},
		{From: bot.FromAssistant, Text: bot.Text(strings.Repeat("Merci. ", 15)), Class: "reply", Lane: bot.LaneReply, Delivery: bot.Pending, Segments: 1},
	} {
		c.N++
		th.Seq++
		l.Conversation, l.Thread, l.N, l.Seq, l.Audience, l.At = c.ID, th.ID, c.N, th.Seq, bot.ForAll, start
		turn.Lines = append(turn.Lines, l)
	}
	turn.Schedule = []bot.Job{{Key: "deliver:" + th.ID.String(), Kind: bot.JobDeliver, Lane: bot.LaneReply, Due: start,
		Conversation: c.ID, Thread: th.ID}}
	return turn
}

// BenchmarkCommit commits typical turns, each with a state of about 1 KB, in
// groups from one committer.
func BenchmarkCommit(b *testing.B) {
	for _, size := range []int{1, 16, 32} {
		b.Run(fmt.Sprintf("group=%d", size), func(b *testing.B) {
			url := pgtest.Start(b)
			s := open(b, postgres.Config{URL: url, Keys: keyring(b, 1)})
			people := meet(b, s, 512)
			turns, at := 0, 0
			spent := cpu(b, url)
			b.ReportAllocs()
			for b.Loop() {
				group := make([]*bot.Commit, size)
				for i := range group {
					turns++
					group[i] = turnOf(people[at], fmt.Sprint("event-", turns))
					at = (at + 1) % len(people)
				}
				commit(b, s, group)
			}
			b.ReportMetric(float64(turns)/b.Elapsed().Seconds(), "turns/s")
			ours, servers := spent()
			b.ReportMetric(float64(ours.Microseconds())/float64(turns), "µs-here/turn")
			b.ReportMetric(float64(servers.Microseconds())/float64(turns), "µs-server/turn")
		})
	}
}

// cpu counts the processor time that this process, and the server's processes
// for a database, use from now on; zero for a server on another machine.
func cpu(b *testing.B, url string) func() (ours, servers time.Duration) {
	conn, err := pgx.Connect(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(b.Context())
	rows, _ := conn.Query(b.Context(), `
		SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		b.Fatal(err)
	}
	read := func() (ours, servers time.Duration) {
		var used syscall.Rusage
		syscall.Getrusage(syscall.RUSAGE_SELF, &used)
		for _, pid := range pids {
			var ran int64
			if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid)); err == nil {
				fmt.Sscan(string(stat), &ran)
			}
			servers += time.Duration(ran)
		}
		return time.Duration(used.Utime.Nano() + used.Stime.Nano()), servers
	}
	ours, servers := read()
	return func() (time.Duration, time.Duration) {
		o, s := read()
		return o - ours, s - servers
	}
}

// BenchmarkLoad loads a conversation by address.
func BenchmarkLoad(b *testing.B) {
	s := open(b, postgres.Config{URL: pgtest.Start(b), Keys: keyring(b, 1)})
	meet(b, s, 512)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := s.Load(b.Context(), bot.Ref{Address: number(i % 512)}); err != nil {
			b.Fatal(err)
		}
	}
}

func number(k int) bot.Address {
	return bot.Address{Channel: bot.SMS, Value: fmt.Sprintf("+3363998%04d", k)}
}

// meet stores people who are half-way through a dialogue.
func meet(b *testing.B, s bot.Store, count int) []*bot.Conversation {
	people := make([]*bot.Conversation, count)
	for i := range people {
		turn, err := nextTurn(b.Context(), s, number(i), fmt.Sprint("first-", i))
		if err != nil {
			b.Fatal(err)
		}
		people[i] = turn.Conversation
		var vars flows.Vars
		for k := range 12 {
			vars = append(vars, flows.Var{Name: fmt.Sprintf("question_%02d", k), Values: []string{strings.Repeat("v", 50)}})
		}
		people[i].Frames = []bot.Frame{{Flow: "prediagnostic", Hash: "9f2c", At: flows.Position{State: "q12", Vars: vars}}}
		commit(b, s, []*bot.Commit{turn})
	}
	b.Logf("state: %d bytes", len(bot.AppendConversation(nil, people[0])))
	return people
}

// commit stores turns that pass, and moves their conversations on.
func commit(b *testing.B, s bot.Store, group []*bot.Commit) {
	outcomes, err := s.Commit(b.Context(), group, nil)
	if err != nil {
		b.Fatal(err)
	}
	for i, outcome := range outcomes {
		if outcome != nil {
			b.Fatal(outcome)
		}
		group[i].Conversation.Version++
	}
}
