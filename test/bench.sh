#!/bin/sh
# Prints the tables of speed. Figures of peers were measured apart, on such a
# machine of two cores; ratios count more than absolute figures.
set -eu
cd "$(dirname "$0")/.."
CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/relais ./cmd/relais

echo "== one turn: state opened, decoded, decided, encoded, sealed (goflow: 600 µs, 1311 allocs)"
go test -run '^$' -bench '^BenchmarkTurn$' -count 3 ./bot | grep '^Benchmark'
echo
echo "== reading an answer (aim: 50 µs)"
go test -run '^$' -bench . -benchtime 200ms ./flows/understand | grep '^Benchmark'
echo
echo "== signed webhook → reply committed, SQLite, synchronous=FULL, generator on the same cores"
go run ./test/load -c 1,32 -rounds 3
echo
go run ./test/load -c 1,32 -rounds 3 -deliver
echo
go run ./test/load -footprint -rounds 3
