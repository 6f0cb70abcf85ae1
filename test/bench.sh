#!/bin/sh
# Prints the tables of speed, in about twenty minutes. Figures of peers were
# measured apart, on such a machine of two cores; ratios inside one run count
# more than absolute figures. `go run ./test/load` runs each part alone, longer
# and larger; -json keeps every run.
set -eu
cd "$(dirname "$0")/.."
export CGO_ENABLED=0
go build -trimpath -ldflags '-s -w' -o bin/relais ./cmd/relais
tool=$(mktemp -d)
trap 'rm -rf "$tool"' EXIT
go build -o "$tool/load" ./test/load

echo "== one turn: state opened, decoded, decided, encoded, sealed (goflow: 600 µs, 1311 allocs)"
go test -run '^$' -bench '^BenchmarkTurn$' -count 3 ./bot | grep '^Benchmark'
echo
echo "== reading an answer (aim: 50 µs)"
go test -run '^$' -bench . -benchtime 200ms ./flows/understand | grep '^Benchmark'
echo
"$tool/load" turns -d 3s -warm 1s
echo
"$tool/load" latency -rounds 1 -d 3s -warm 1s
echo
"$tool/load" growth -rounds 3 -d 2s -warm 2s
echo
"$tool/load" jobs -rounds 1 -d 12s -idle 10s
echo
"$tool/load" footprint
