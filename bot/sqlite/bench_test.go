package sqlite

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"relais/bot"
	"relais/flows"
)

// people is how many conversations the benchmarks write to.
const people = 5000

// town is a store with people in it, each with a state of about 1 KB.
type town struct {
	*Store
	turns []*bot.Commit // the next turn of each
	event int
}

func newTown(b *testing.B) *town {
	b.Helper()
	s := open(b, Config{Path: filepath.Join(b.TempDir(), "relais.db"), Keys: keyring(b, 1)})
	t := &town{Store: s, turns: make([]*bot.Commit, people)}
	for i := range t.turns {
		t.turns[i] = newcomer(i)
	}
	for i := 0; i < people; i += 250 {
		commitAll(b, s, t.turns[i:i+250])
	}
	return t
}

func commitAll(b *testing.B, s *Store, group []*bot.Commit) {
	outcomes, err := s.Commit(b.Context(), group, nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, err := range outcomes {
		if err != nil {
			b.Fatal(err)
		}
	}
}

func address(i int) bot.Address {
	return bot.Address{Channel: bot.SMS, Value: fmt.Sprintf("+336399%05d", i)}
}

func newcomer(i int) *bot.Commit {
	id := func(kind byte) bot.ID { return bot.ID{1, byte(i >> 8), byte(i), 15: kind} }
	c := &bot.Conversation{
		ID: id(1), Person: id(2), Created: time.Unix(1772442000, 0).UTC(), Lang: "fr", Owner: bot.Owner{Kind: bot.Assistant},
		Threads: []bot.Thread{{ID: id(3), Channel: bot.SMS, Own: "+33939980001"}}, Step: "prediagnostic/q07",
		Frames: []bot.Frame{{Flow: "prediagnostic", Hash: "9f2c6a1b5d3e8f70", Asked: 7}},
	}
	at := &c.Frames[0].At
	at.State = "q07"
	for k := range 14 {
		name := fmt.Sprintf("variable_%02d", k)
		at.Vars = append(at.Vars, flows.Var{Name: name, Values: []string{"a value of it", "another value"}})
		at.Trail = append(at.Trail, flows.Step{State: name, Known: k})
	}
	t := &bot.Commit{Source: "twilio", Conversation: c, Addresses: map[bot.ID]bot.Address{c.Threads[0].ID: address(i)}}
	fillTurn(t, -i)
	return t
}

// fillTurn makes the next typical turn: an event, two lines, a job.
func fillTurn(t *bot.Commit, event int) {
	c := t.Conversation
	now := c.Created.Add(time.Duration(max(event, 0)) * time.Millisecond)
	scattered := uint64(int64(event)) * 0x9e3779b97f4a7c15 // an operator's ids come in no order
	t.At, t.Event = now, fmt.Sprintf("SM%016x%016x", scattered, event)
	t.Lines = t.Lines[:0]
	for _, from := range []bot.From{bot.FromPerson, bot.FromAssistant} {
		c.N++
		c.Threads[0].Seq++
		l := bot.Line{
			Conversation: c.ID, N: c.N, Thread: c.Threads[0].ID, Seq: c.Threads[0].Seq, From: from, Audience: bot.ForAll,
			Text: "Quelle est votre commune ? Répondez par son nom ou son code postal, ou PASSER.", At: now,
			Key: t.Event, Class: "reply", Lane: bot.LaneReply, Segments: 1,
		}
		if from == bot.FromAssistant {
			l.Delivery = bot.Pending
		}
		t.Lines = append(t.Lines, l)
	}
	t.Schedule = append(t.Schedule[:0], bot.Job{
		Key: "silence:" + c.ID.String(), Kind: bot.JobSilence, Lane: bot.LaneNotice, Due: now.Add(72 * time.Hour),
		Conversation: c.ID, Revision: 7,
	})
}

// next prepares a group of turns of different people, scattered over the file.
func (t *town) next(group []*bot.Commit) {
	for i := range group {
		t.event++
		turn := t.turns[t.event*1597%people]
		turn.Conversation.Version++
		turn.Addresses = nil
		fillTurn(turn, t.event)
		group[i] = turn
	}
}

func BenchmarkCommit(b *testing.B) {
	for _, size := range []int{1, 16, 32} {
		b.Run(fmt.Sprintf("group=%d", size), func(b *testing.B) {
			t := newTown(b)
			group := make([]*bot.Commit, size)
			b.ReportAllocs()
			turns, before := 0, cpu(b)
			for b.Loop() {
				t.next(group)
				commitAll(b, t.Store, group)
				turns += size
			}
			b.ReportMetric(float64(turns)/b.Elapsed().Seconds(), "turns/s")
			b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(turns), "cpu-µs/turn")
		})
	}
}

// cpu is the processor time used so far by this process: unlike the elapsed
// time it does not depend on who else uses the machine.
func cpu(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func BenchmarkLoad(b *testing.B) {
	t := newTown(b)
	b.Run("known", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			l, err := t.Load(b.Context(), bot.Ref{Address: address(i * 1597 % people)})
			if err != nil || l.Fresh != nil {
				b.Fatal(err, l.Fresh)
			}
		}
	})
	b.Run("unknown", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := t.Load(b.Context(), bot.Ref{Address: address(people + i)}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDue(b *testing.B) {
	t := newTown(b)
	b.Run("nothing due", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := t.Due(b.Context(), time.Unix(1772442000, 0), 64, time.Second); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "relais.db")
	open(b, Config{Path: path, Keys: keyring(b, 1)})
	b.Run("current", func(b *testing.B) {
		for b.Loop() {
			s, err := Open(b.Context(), Config{Path: path, Keys: keyring(b, 1)})
			if err != nil {
				b.Fatal(err)
			}
			s.Close()
		}
	})
	b.Run("new", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			s, err := Open(b.Context(), Config{Path: filepath.Join(b.TempDir(), fmt.Sprint(i)), Keys: keyring(b, 1)})
			if err != nil {
				b.Fatal(err)
			}
			s.Close()
		}
	})
}
