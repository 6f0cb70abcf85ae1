package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sys/unix"

	"relais/bot"
	"relais/test/pgtest"
)

// healed is how long the service may take to work again after there is room.
const healed = 15 * time.Second

// TestAFullDisk fills the disk that the database lies on. Texts are then
// answered 503, to come again, until there is room: nobody restarts anything,
// and whatever was acknowledged is there, once.
func TestAFullDisk(t *testing.T) {
	p, _, room := newPairOnDisk(t)
	var playing sync.WaitGroup
	playing.Go(func() { p.play(t) })
	p.town.WaitAcked(people * 4)
	p.town.Close()

	room.fill(t)
	refused := p.textUntilRefused(t)
	p.checkTrouble(t)
	room.empty(t)

	p.recover(t, refused)
	p.town.Open()
	playing.Wait()
	p.town.CheckPromises(t, p.env)
}

// TestADiskTooFullForTheLog leaves the server no room for its write-ahead log,
// on which it gives up altogether. Its service manager starts it again; nobody
// restarts the service.
func TestADiskTooFullForTheLog(t *testing.T) {
	p, server, room := newPairOnDisk(t)
	var playing sync.WaitGroup
	playing.Go(func() { p.play(t) })
	p.town.WaitAcked(people * 4)

	room.fill(t)
	exhaustLog(t, server)
	refused := p.textUntilRefused(t)
	p.town.Close()
	room.empty(t)
	restart(t, server)

	p.recover(t, refused)
	p.town.Open()
	playing.Wait()
	p.town.CheckPromises(t, p.env)
}

// TestACommitOnAFullDisk looks at the store alone: the error says what is
// wrong, what was stored is there and nothing else, nobody is told to deliver
// what was not stored, and commits go on when there is room.
func TestACommitOnAFullDisk(t *testing.T) {
	room := mountSmall(t)
	server := room.start(t)
	s := onPostgres(t, server.URL("postgres"))
	defer s.Close()
	var failed error
	stored := 0
	for failed == nil {
		if stored == 20 { // every table has begun a page, which lines fill first
			room.fill(t)
		}
		group := newcomers(stored)
		outcomes, err := s.Commit(t.Context(), group, nil)
		if failed = err; err != nil {
			for i, c := range group {
				if c.Errand.Born {
					t.Errorf("turn %d was not written, and its delivery is told to be born: the text would leave", i)
				}
			}
			break
		}
		for _, err := range outcomes {
			if err != nil {
				t.Fatalf("a full disk was told as the fault of one turn: %v", err)
			}
		}
		if stored += 2; stored > 10_000 {
			t.Fatal("the disk never filled up")
		}
	}
	if !strings.Contains(failed.Error(), "No space left on device") {
		t.Errorf("the error says %q", failed)
	}
	for i := range stored + 2 {
		l, err := s.Load(t.Context(), bot.Ref{Address: number(i)})
		if known := i < stored; err != nil || (l.Fresh == nil) != known {
			t.Errorf("person %d is known: %v (%v), want %v", i, l.Fresh == nil, err, known)
		}
	}
	room.empty(t)
	outcomes, err := s.Commit(t.Context(), newcomers(stored), nil)
	if err != nil || outcomes[0] != nil || outcomes[1] != nil {
		t.Errorf("with room again: %v (%v)", outcomes, err)
	}
}

// newPairOnDisk is a pair whose database lies on a small disk of its own.
func newPairOnDisk(t *testing.T) (*pair, *pgtest.Private, *disk) {
	room := mountSmall(t)
	server := room.start(t)
	p := newPairOn(t, server.URL("postgres"))
	p.start(t, 0)
	p.start(t, 1)
	return p, server, room
}

// textUntilRefused lets somebody text until a text is answered 503, and
// returns its id.
func (p *pair) textUntilRefused(t *testing.T) (sid string) {
	t.Helper()
	for range 2000 {
		sid, status, err := p.town.Operator.Text(t.Context(), stranger, "Bonjour")
		switch status {
		case http.StatusServiceUnavailable:
			return sid
		case http.StatusNoContent:
		default:
			t.Fatalf("a text was answered %d (%v), want 204 or 503", status, err)
		}
	}
	t.Fatal("the disk is full, and every text was acknowledged")
	return ""
}

// stranger is somebody besides the people of the town.
const stranger = "+33639980199"

// recover delivers a text that was refused again until it is taken.
func (p *pair) recover(t *testing.T, sid string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), healed)
	defer cancel()
	began := time.Now()
	for {
		status, err := p.town.Operator.Redeliver(ctx, sid)
		if status/100 == 2 {
			break
		}
		if ctx.Err() != nil {
			t.Fatalf("%s after there was room a text is answered %d (%v)", healed, status, err)
		}
	}
	t.Logf("texts are taken again %s after there was room", time.Since(began).Round(time.Millisecond))
}

// checkTrouble waits until a server has said what is wrong.
func (p *pair) checkTrouble(t *testing.T) {
	t.Helper()
	const trouble = "No space left on device"
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for deadline := time.Now().Add(healed); !strings.Contains(p.servers[0].Log()+p.servers[1].Log(), trouble); <-again.C {
		if time.Now().After(deadline) {
			t.Fatalf("no log says %q", trouble)
		}
	}
}

// exhaustLog lets the server write its log until there is no room for it.
func exhaustLog(t *testing.T, server *pgtest.Private) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	for range 100 {
		if _, err := conn.Exec(t.Context(), `SELECT pg_logical_emit_message(false, 'test', 'x'), pg_switch_wal()`); err != nil {
			t.Logf("the server's log: %v", err)
			return
		}
	}
	t.Fatal("there was always room for the log")
}

// restart starts a server that has given up.
func restart(t *testing.T, server *pgtest.Private) {
	t.Helper()
	if err := errors.Join(server.Kill(), server.Start()); err != nil { // Kill ends what is left of it
		t.Fatal(err)
	}
}

// disk is a file system of 192 MB in memory.
type disk struct{ at string }

// mountSmall mounts one until the test ends; only root may.
func mountSmall(t *testing.T) *disk {
	t.Helper()
	if os.Getenv("RELAIS_TEST_REQUIRE") != "1" {
		t.Skip("postgres on a full disk: NOT RUN: make test runs it (RELAIS_TEST_REQUIRE=1)")
	}
	at, err := os.MkdirTemp("/tmp", "relais-disk-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(at) })
	if err := unix.Mount("tmpfs", at, "tmpfs", 0, "size=192m,mode=1777"); err != nil {
		t.Skipf("postgres on a full disk: NOT RUN: mounting a file system was refused: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(at, 0); err != nil {
			t.Errorf("unmount the small disk: %v", errors.Join(err, unix.Unmount(at, unix.MNT_DETACH)))
		}
	})
	return &disk{at}
}

// start starts a server whose data lie on the disk.
func (d *disk) start(t *testing.T) *pgtest.Private {
	t.Helper()
	before := os.Getenv("TMPDIR")
	t.Setenv("TMPDIR", d.at)
	server := pgtest.StartPrivate(t)
	t.Setenv("TMPDIR", before)
	return server
}

func (d *disk) ballast() string { return filepath.Join(d.at, "ballast") }

// fill leaves no room at all.
func (d *disk) fill(t *testing.T) {
	t.Helper()
	f, err := os.Create(d.ballast())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
}

func (d *disk) empty(t *testing.T) {
	t.Helper()
	if err := os.Remove(d.ballast()); err != nil {
		t.Fatal(err)
	}
}

func number(k int) bot.Address {
	return bot.Address{Channel: bot.SMS, Value: "+3363998" + fmt.Sprintf("%04d", k)}
}

// newcomers are the first turns of two people, with a long text each: what runs out of room first are the lines.
func newcomers(from int) []*bot.Commit {
	group := make([]*bot.Commit, 2)
	for i := range group {
		k := from + i
		id := func(what byte) (id bot.ID) {
			id[0], id[15] = 1, what
			binary.BigEndian.PutUint32(id[8:], uint32(k))
			return id
		}
		at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		c := &bot.Conversation{ID: id(1), Person: id(2), Created: at, N: 1, Lang: "fr", Owner: bot.Owner{Kind: bot.Assistant},
			Threads: []bot.Thread{{ID: id(3), Channel: bot.SMS, Seq: 1}}}
		group[i] = &bot.Commit{Source: "test", Event: fmt.Sprint(k), At: at, Conversation: c,
			Addresses: map[bot.ID]bot.Address{id(3): number(k)},
			Lines: []bot.Line{{Conversation: c.ID, N: 1, Thread: id(3), Seq: 1, From: bot.FromPerson, Audience: bot.ForAll,
				Text: bot.Text(strings.Repeat("bonjour ", 500)), At: at, Class: "said"}},
			Schedule: []bot.Job{{Key: fmt.Sprint("deliver:", k), Kind: bot.JobDeliver, Due: at, Conversation: c.ID, Thread: id(3),
				Token: 1<<61 | int64(k), Lease: at.Add(time.Minute)}},
			Errand: &bot.Errand{Key: fmt.Sprint("deliver:", k)}}
	}
	return group
}
