# `make run` and `make test` bring everything they need themselves, given Go and Node (scripts/setup).

# Go's own version stamp needs git to trust the folder, which in a container it often does not; --version says VERSION.
export GOFLAGS := $(filter-out -buildvcs=%,$(shell go env GOFLAGS 2>/dev/null)) -buildvcs=false
VERSION := $(or $(shell git -c safe.directory='*' describe --tags --always --dirty 2>/dev/null),unknown)

GOLANGCI_VERSION := v2.15.0
GOLANGCI := bin/tools/golangci-lint-$(GOLANGCI_VERSION)
BUF := ../web/node_modules/.bin/buf

# Arguments for the server that `make run` starts: make run ARGS='--listen :8443 --data /srv/chalkline'
ARGS ?=
# How long each fuzz target runs under `make fuzz`: a duration, or a count such as 10000x.
FUZZTIME ?= 30s
# How many ops the simulations make under `make fuzz`: of Go clients, and of the page's own code under Node.
SIMULATE ?= 1000000
SIMULATE_PAGE ?= 30000
# The load of `make bench`.
BENCH ?= --writers 10 --clients 100 --duration 20s
BENCH_EDITS ?= --edits --writers 20 --clients 100 --duration 20s

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run build web test lint fmt test-go test-web e2e fuzz fuzz-smoke bench bench-page avsync generate check-generated baseline \
	check-schema setup-run setup-test clean

comma := ,
step = @printf '\n==> %s\n' "$(1)"

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup-run build ## build and start the server; it prints the address to open
	@exec bin/chalkline $(ARGS)

build: web ## build the page and the commands into bin/
	$(call step,build: bin/chalkline and bin/chalkline-bench)
	@CGO_ENABLED=0 go build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/ ./cmd/...

web: web/node_modules/.package-lock.json ## build the page into web/dist
	$(call step,web: build the page)
	@npm --prefix web run --silent build

# npm writes this file last, so it stands for the whole installation.
web/node_modules/.package-lock.json: web/package-lock.json
	$(call step,web: install the modules of web/package-lock.json)
	@npm --prefix web ci --no-audit --no-fund
	@touch $@

test: setup-run setup-test check-generated check-schema lint test-go test-web fuzz-smoke e2e ## everything that must hold; what CI runs
	@printf '\n==> all of it passed\n'

lint: web/node_modules/.package-lock.json $(GOLANGCI) ## golangci-lint, TypeScript, import rules, size budget, documents
	$(call step,lint: Go)
	@$(GOLANGCI) run ./...
	@scripts/check-tests
	@go mod tidy -diff
	$(call step,lint: TypeScript)
	@npm --prefix web run --silent typecheck
	@npm --prefix web run --silent check-imports
	@npm --prefix web run --silent check-size
	$(call step,lint: documents)
	@node scripts/check-dependencies.mjs
	@node scripts/check-links.mjs
	@node scripts/check-rules.mjs

fmt: $(GOLANGCI) ## format the Go files (gofumpt)
	@$(GOLANGCI) fmt

test-go: web ## Go tests under the race detector
	$(call step,test: Go)
	@go test -race -shuffle=on -timeout 30m ./...

test-web: build ## TypeScript unit tests, one of them against the server
	$(call step,test: TypeScript)
	@npm --prefix web run --silent test

e2e: build ## the pages in a real Chromium against a real server
	$(call step,test: pages in Chromium)
	@npm --prefix web run --silent e2e

fuzz: build ## every fuzz target for FUZZTIME (30s), and the simulations with new seeds: SIMULATE ops (1000000)
	$(call step,fuzz: every target for $(FUZZTIME))
	@scripts/fuzz $(FUZZTIME)
	$(call step,fuzz: simulation of Go clients$(comma) $(SIMULATE) ops)
	@SIMULATE=$(SIMULATE) go test ./server -run '^TestSimulation' -count=1 -v -timeout 3h
	$(call step,fuzz: simulation of pages$(comma) $(SIMULATE_PAGE) ops)
	@SIMULATE=$(SIMULATE_PAGE) npm --prefix web run --silent test -- test/simulation.test.ts

# A count, not a duration: the same work on a slow machine.
fuzz-smoke:
	$(call step,fuzz: every target for a moment)
	@scripts/fuzz 3000x

bench: build ## Go benchmarks, then the load bench over both transports (docs/performance.md)
	$(call step,bench: packages)
	@go test -run='^$$' -bench=. -benchmem ./...
	$(call step,bench: the server under load)
	@bin/chalkline-bench --start --transport websocket $(BENCH) --json
	@bin/chalkline-bench --start --transport webtransport $(BENCH) --json
	@bin/chalkline-bench --start --transport websocket $(BENCH_EDITS) --json
	@bin/chalkline-bench --start --transport webtransport $(BENCH_EDITS) --json
	@bin/chalkline-bench --start --mode join --points 100000 --json
	@bin/chalkline-bench --start --mode align --json
	@bin/chalkline-bench --start --mode whep --clients 100 --json

bench-page: setup-test build ## frames a second while drawing on a board of 100 000 points, in Chromium
	$(call step,bench: drawing in Chromium)
	@npm --prefix web run --silent bench-page

avsync: setup-test build ## how far strokes and pictures are apart on every path of media, in Chromium; AVSYNC="webrtc hls" measures some
	$(call step,avsync: strokes against pictures)
	@npm --prefix web run --silent avsync -- $(AVSYNC)

generate: web/node_modules/.package-lock.json ## Go and TypeScript from the schema
	@cd protocol && $(BUF) generate

check-generated: web/node_modules/.package-lock.json
	$(call step,schema: generated code is up to date)
	@scripts/check-generated

check-schema: web/node_modules/.package-lock.json
	$(call step,schema: lint and breaking changes)
	@cd protocol && $(BUF) lint && $(BUF) breaking --against baseline/v1.binpb

baseline: web/node_modules/.package-lock.json ## with a release: the schema that later ones must stay compatible with
	@cd protocol && $(BUF) build --exclude-source-info -o baseline/v1.binpb

setup-run:
	@scripts/setup run

setup-test: web/node_modules/.package-lock.json
	@scripts/setup test

# Named by version, so that another version builds another file.
$(GOLANGCI):
	$(call step,lint: build golangci-lint $(GOLANGCI_VERSION) (a few minutes, once))
	@mkdir -p bin/tools
	@GOBIN=$(CURDIR)/bin/tools go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@mv bin/tools/golangci-lint $@

clean: ## remove what was built
	rm -rf bin web/build
	find web/dist -mindepth 1 ! -name .gitkeep -delete
