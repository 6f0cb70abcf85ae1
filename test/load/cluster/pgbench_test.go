package cluster

import (
	"context"
	"os"
	"testing"
	"time"

	"relais/bot/postgres"
	"relais/bot/seal"
)

func TestReadRate(t *testing.T) {
	got, err := readRate("latency average = 3.8 ms\ninitial connection time = 12 ms\ntps = 7048.25 (without initial connection time)\n")
	if err != nil || got != 7048.25 {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := readRate("pgbench: error: connection failed"); err == nil {
		t.Error("a report without a rate was read")
	}
}

// TestCluster starts a server, measures the yardstick on the program's schema,
// and leaves nothing behind.
func TestCluster(t *testing.T) {
	if os.Getenv("RELAIS_TEST_REQUIRE") != "1" {
		t.Skip("postgres: NOT RUN: make test runs it (RELAIS_TEST_REQUIRE=1)")
	}
	c, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	at, err := c.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := seal.NewKeyring(make([]byte, seal.MasterSize))
	if err != nil {
		t.Fatal(err)
	}
	s, err := postgres.Open(t.Context(), postgres.Config{URL: at.String(), Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	measureYardstick(t, c, func() (*Yardstick, error) { return c.NewYardstick(t.Context(), at, 50) })

	copied, err := c.Copy(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	pages, err := c.Touched(t.Context(), at)
	if err != nil || pages == 0 {
		t.Errorf("%d pages touched: %v", pages, err)
	}
	for _, database := range []string{at.Path, copied.Path} {
		gone := *at
		gone.Path = database
		if err := c.Drop(t.Context(), &gone); err != nil {
			t.Error(err)
		}
	}
	dir := c.URL.Query().Get("host")
	if err := c.Stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the server's directory is still there: %v", err)
	}
}

func measureYardstick(t *testing.T, c *Cluster, prepare func() (*Yardstick, error)) {
	t.Helper()
	if err := HasBench(); err != nil {
		t.Log("pgbench: NOT RUN: ", err)
		return
	}
	y, err := prepare()
	if err != nil {
		t.Fatal(err)
	}
	defer y.Close()
	before := c.CPU()
	m, err := y.Run(context.Background(), 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	if m.PerSecond <= 0 || m.P50 <= 0 || m.P99 < m.P50 || c.CPU() <= before {
		t.Errorf("measured %+v with %v of processor", m, c.CPU()-before)
	}
	left, _ := os.ReadDir(y.dir)
	if len(left) != 1 {
		t.Errorf("%d files beside the script", len(left)-1)
	}
}

func TestUseRefusesWhatIsNoAddress(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for _, address := range []string{"", "sqlite:x", "localhost:5432", "postgres://127.0.0.1:1/nowhere"} {
		if _, err := Use(ctx, address); err == nil {
			t.Errorf("%q was taken", address)
		}
	}
}
