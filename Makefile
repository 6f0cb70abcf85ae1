# Relais. `make` lists what there is.
SHELL := /bin/sh
export CGO_ENABLED := 0
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

.PHONY: help build run chat test quick check golden fuzz bench chaos cover diagrams setup clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## one static binary, bin/relais
	go build -trimpath -ldflags '-s -w' -o bin/relais ./cmd/relais

run: build ## build and serve the demonstration at http://localhost:8080
	./bin/relais serve

chat: build ## talk with the assistant in the terminal
	./bin/relais chat

setup: ## install what the whole test needs (Postgres, Redis, nginx, Chromium, browser packages)
	@sh test/setup.sh

test: setup ## everything, on both stores and in a browser; cleans up
	RELAIS_TEST_REQUIRE=1 go test -count=1 -timeout 18m ./...

quick: ## the part of the tests that needs nothing installed
	go test ./...

check: ## vet, staticcheck and the dialogues' own checker
	go vet ./...
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...
	go run ./cmd/relais flows check

golden: ## rewrite the expected lines of the golden files; the diff is the review
	go test ./flows ./test/transcripts ./test/scripts -update

fuzz: ## each fuzz target for 20 seconds
	@sh test/fuzz.sh 20s

bench: ## the tables of speed, beside the peers' figures
	@sh test/bench.sh

chaos: ## the killing tests, five times over
	RELAIS_TEST_REQUIRE=1 go test -count=5 -timeout 60m ./test/crash ./test/postgres
	@for seed in 1 2 3 4 5; do RELAIS_TEST_REQUIRE=1 RELAIS_TEST_SEED=$$seed go test -count=1 -timeout 20m ./test/cluster || exit 1; done

cover: ## coverage by package
	go test -cover ./...

diagrams: build ## draw every flow again under flows/diagrams
	@mkdir -p flows/diagrams
	@for f in welcome prediagnostic reminder handoff privacy crisis; do ./bin/relais flows diagram $$f --format svg > flows/diagrams/$$f.svg; done

clean: ## remove what was built; data/ stays
	rm -rf bin
