package program

import (
	"os"
	"testing"
)

// Whole leaves a long test to `make test`, which sets RELAIS_TEST_REQUIRE=1:
// `go test ./...` alone is the quick part, and says what it left out.
func Whole(t *testing.T) {
	t.Helper()
	if os.Getenv("RELAIS_TEST_REQUIRE") != "1" {
		t.Skip("NOT RUN: make test runs it (RELAIS_TEST_REQUIRE=1)")
	}
}
