package cluster

import (
	"os"
	"strconv"
	"testing"
)

// times is how often each test hurts its cluster.
const times = 5

// seedOf is what a test draws its chances from: its own number, further on when
// RELAIS_TEST_SEED says so.
func seedOf(t *testing.T, own uint64) uint64 {
	t.Helper()
	given := os.Getenv("RELAIS_TEST_SEED")
	if given == "" {
		return own
	}
	n, err := strconv.ParseUint(given, 10, 32)
	if err != nil {
		t.Fatalf("RELAIS_TEST_SEED: %v", err)
	}
	t.Logf("RELAIS_TEST_SEED=%d", n)
	return own + 100*n
}
