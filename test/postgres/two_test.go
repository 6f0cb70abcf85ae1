// Package postgres runs two real servers on one Postgres, as a load balancer
// would have them.
package postgres

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"relais/channels/twilio/simulator"
	"relais/test/pgtest"
	"relais/test/program"
)

func TestMain(m *testing.M) { program.Main(m) }

// people text at once, each now to one server, now to the other.
const people = 12

// TestTwoServers has the same people text now to one server, now to the other,
// and one text in three delivered again to both at once. Each took effect once,
// in order, and each reply reached its phone once, in order.
func TestTwoServers(t *testing.T) {
	p := newPair(t)
	p.start(t, 0)
	p.start(t, 1)
	p.play(t)
	p.town.CheckPromises(t, p.env)
}

// TestKillOneOfTwo kills a server five times, in turn, while the other takes
// over, and starts it again.
func TestKillOneOfTwo(t *testing.T) {
	t.Parallel()
	const kills = 5
	p := newPair(t)
	p.start(t, 0)
	p.start(t, 1)
	var playing sync.WaitGroup
	playing.Go(func() { p.play(t) })
	each := people * len(program.Script) / (kills + 1)
	for i := range kills {
		p.town.WaitAcked(each * (i + 1))
		p.servers[i%2].Kill()
		p.start(t, i%2)
	}
	playing.Wait()
	p.town.CheckPromises(t, p.env)
}

// TestCrashOneOfTwo lets one server die at each boundary, with the other at
// work on the same conversations and newcomers each time.
func TestCrashOneOfTwo(t *testing.T) {
	t.Parallel()
	boundaries := []string{"commit:before@3", "commit:written@3", "commit:after@3", "claim:before", "claim:written", "claim:after"}
	p := newPair(t)
	p.start(t, 0)
	var playing sync.WaitGroup
	for i, boundary := range boundaries {
		p.start(t, 1, "RELAIS_TEST_CRASH="+boundary)
		for _, newcomer := range p.town.Phones[2*i : 2*i+2] {
			playing.Go(func() { p.playOne(t, newcomer) })
		}
		select {
		case <-p.servers[1].Ended():
		case <-time.After(time.Minute):
			t.Fatalf("the server never passed %s", boundary)
		}
	}
	p.start(t, 1)
	playing.Wait()
	p.town.CheckPromises(t, p.env)
}

// TestStopOneOfTwo stops the servers one after the other and starts them again,
// as a deployment does. Nobody notices.
func TestStopOneOfTwo(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.start(t, 0)
	p.start(t, 1)
	var playing sync.WaitGroup
	playing.Go(func() { p.play(t) })
	for i := range 2 {
		p.town.WaitAcked(people * len(program.Script) / 3 * (i + 1))
		if err := p.servers[i].Stop(); err != nil {
			t.Error(err)
		}
		p.start(t, i)
	}
	playing.Wait()
	p.town.CheckPromises(t, p.env)
}

// TestStartTogether starts both servers at once on an empty database: one makes
// the schema, the other waits for it.
func TestStartTogether(t *testing.T) {
	p := newPair(t)
	var starting sync.WaitGroup
	for i := range p.servers {
		starting.Go(func() { p.start(t, i) })
	}
	starting.Wait()
	if t.Failed() {
		return
	}
	p.play(t)
	p.town.CheckPromises(t, p.env)
}

// TestCommandsBesideServers imports, exports and erases while two servers run:
// they see it without being told.
func TestCommandsBesideServers(t *testing.T) {
	p := newPair(t)
	p.start(t, 0)
	p.start(t, 1)
	p.play(t)
	file := filepath.Join(t.TempDir(), "rdv.csv")
	content := "external_id,phone,start,place\nrdv-1," + p.town.Phones[0] + ",2099-06-02 10:00,Maison de l'emploi\n"
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"ligne 2 : créé", "ligne 2 : inchangé"} {
		if out := p.run(t, "appointments", "import", file); !strings.Contains(out, want) {
			t.Errorf("the import says %q, want %q in it", out, want)
		}
	}
	var dossier struct {
		Messages     []program.Message `json:"messages"`
		Appointments []struct {
			ExternalID string    `json:"external_id"`
			Start      time.Time `json:"start"`
		} `json:"appointments"`
	}
	if err := json.Unmarshal([]byte(p.run(t, "export", "--address", "sms:"+p.town.Phones[0])), &dossier); err != nil {
		t.Fatal(err)
	}
	start := time.Date(2099, 6, 2, 8, 0, 0, 0, time.UTC)
	if len(dossier.Appointments) != 1 || dossier.Appointments[0].ExternalID != "rdv-1" || !dossier.Appointments[0].Start.Equal(start) {
		t.Errorf("appointments %+v, want rdv-1 at %s", dossier.Appointments, start)
	}
	if out := p.run(t, "erase", "--address", "sms:"+p.town.Phones[0]); out != "erased\n" {
		t.Errorf("erase says %q", out)
	}
	if left, err := program.Export(p.env, p.town.Phones[0]); err != nil || len(left) != 0 {
		t.Errorf("%d messages left (%v)", len(left), err)
	}
	if kept, err := program.Export(p.env, p.town.Phones[1]); err != nil || len(kept) < 2*len(program.Script) {
		t.Errorf("somebody else has %d messages left (%v)", len(kept), err)
	}
}

// TestAnotherMasterKey refuses an instance that could not read what the others
// wrote.
func TestAnotherMasterKey(t *testing.T) {
	p := newPair(t)
	p.start(t, 0)
	_, err := program.Start(slices.Concat(p.env, []string{"RELAIS_SECRET=" + strings.Repeat("cd", 32)}))
	if err == nil || !strings.Contains(err.Error(), "sealed under another master key") {
		t.Errorf("a server with another master key: %v", err)
	}
}

// TestDemonstration serves the demonstration from Postgres when it is asked for.
func TestDemonstration(t *testing.T) {
	p := newPair(t)
	server, err := program.StartIn(t.TempDir(), slices.Concat(p.env, []string{"TWILIO_ACCOUNT_SID=", "RELAIS_DEMO=1"}))
	if err != nil {
		t.Fatal(err)
	}
	defer server.Kill()
	if !strings.Contains(server.Out(), "samira@") {
		t.Errorf("it printed %q, and no account", server.Out())
	}
}

// pair is a town in front of two servers on one database. Each text goes to
// the next server, whether it runs or not.
type pair struct {
	town    *program.Town
	env     []string
	servers [2]*program.Server

	mu   sync.Mutex
	urls [2]string
	turn atomic.Int64
}

func newPair(t *testing.T) *pair { return newPairOn(t, pgtest.Start(t)) }

func newPairOn(t *testing.T, database string) *pair {
	p := &pair{}
	p.town = program.NewTown(t, people, p.webhook)
	p.env = append(p.town.Env(), "RELAIS_DATABASE_URL="+database, "RELAIS_SECRET="+strings.Repeat("ab", 32))
	p.town.Open()
	return p
}

func (p *pair) webhook() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.urls[p.turn.Add(1)%2] + simulator.InboundPath
}

// start runs one of the servers, killed at the end of the test.
func (p *pair) start(t *testing.T, i int, more ...string) {
	server, err := program.Start(slices.Concat(p.env, more))
	if err != nil {
		t.Error(err)
		return
	}
	p.mu.Lock()
	p.servers[i], p.urls[i] = server, server.URL()
	p.mu.Unlock()
	t.Cleanup(func() {
		server.Kill()
		for _, secret := range server.Secrets(program.Secrets...) {
			t.Errorf("the server's log says %q", secret)
		}
	})
}

// play lets everybody text; see playOne.
func (p *pair) play(t *testing.T) {
	var playing sync.WaitGroup
	for _, phone := range p.town.Phones {
		playing.Go(func() { p.playOne(t, phone) })
	}
	playing.Wait()
}

// playOne lets one person text. Once in three, a text that was acknowledged
// comes again to both servers at once.
func (p *pair) playOne(t *testing.T, phone string) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var again sync.WaitGroup
	defer again.Wait()
	count := 0
	err := p.town.PlayOne(ctx, phone, func(sid string) {
		if count++; count%3 != 0 {
			return
		}
		for range 2 {
			again.Go(func() { _, _ = p.town.Operator.Redeliver(ctx, sid) }) // to a server that is away: no matter
		}
	})
	if err != nil {
		t.Error(err)
	}
}

// run runs a command beside the servers.
func (p *pair) run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := program.Run(p.env, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
