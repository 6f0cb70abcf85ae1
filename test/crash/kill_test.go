// Package crash ends the real program at the worst moments and looks at what
// is left.
package crash

import (
	"context"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"relais/channels/twilio/simulator"
	"relais/test/program"
)

// kills is how often the server is killed under load.
const kills = 10

func TestMain(m *testing.M) { program.Main(m) }

// TestKillUnderLoad texts from many phones through the stand-in operator while
// the server is killed ten times. What was acknowledged is there, once, in
// order; every reply reached its phone, once, in order.
func TestKillUnderLoad(t *testing.T) {
	program.Whole(t)
	t.Parallel()
	s := newScene(t, 12)
	server := s.start(t)
	s.town.Open()
	var people sync.WaitGroup
	for _, phone := range s.town.Phones {
		people.Go(func() { s.playOne(t, phone) })
	}
	perKill := len(s.town.Phones) * len(program.Script) / (kills + 2)
	for i := range kills {
		s.town.WaitAcked(perKill * (i + 1))
		s.town.Close()
		server.Kill()
		server = s.start(t)
		s.town.Open()
	}
	people.Wait()
	s.town.CheckPromises(t, s.env)
}

// scene is a town in front of one server on a SQLite file, which comes back at
// the same address each time.
type scene struct {
	town *program.Town
	env  []string
}

func newScene(t *testing.T, people int) *scene {
	listen := freeAddress(t)
	town := program.NewTown(t, people, simulator.WebhookAt("http://"+listen))
	return &scene{town: town, env: append(town.Env(),
		"RELAIS_DATABASE_URL=sqlite:"+filepath.Join(t.TempDir(), "relais.db"),
		"RELAIS_LISTEN="+listen, "RELAIS_PUBLIC_URL=http://"+listen)}
}

// start runs the server, killed at the end of the test when it still runs.
func (s *scene) start(t *testing.T, more ...string) *program.Server {
	t.Helper()
	server, err := program.Start(slices.Concat(s.env, more))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Kill()
		for _, secret := range server.Secrets(program.Secrets...) {
			t.Errorf("the server's log says %q", secret)
		}
	})
	return server
}

// playOne lets one person text until all is acknowledged.
func (s *scene) playOne(t *testing.T, phone string) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if err := s.town.PlayOne(ctx, phone, nil); err != nil {
		t.Error(err)
	}
}

// freeAddress finds a port that nobody uses.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
