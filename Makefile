# Everything that is done to this repository is a target here; CI calls nothing else. Plain `make` prints them.

GO   ?= go
BUF   = $(GO) tool -modfile=tools/go.mod buf
LINT  = $(GO) tool -modfile=tools/lint/go.mod golangci-lint

# The race detector needs cgo and a C compiler; without one the tests run all the same.
CC_FOUND := $(shell command -v "$$($(GO) env CC 2>/dev/null | cut -d' ' -f1)" 2>/dev/null)
RACE     := $(if $(CC_FOUND),-race)

.DEFAULT_GOAL := help
.NOTPARALLEL:

.PHONY: help
help: ## Print this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Run everything on this machine: Postgres, both sandboxes, the three services and a sample day; Ctrl-C ends it
	@bin/voidrelay run

.PHONY: demo
demo: build ## The same on free ports and a throw-away Postgres; ends by itself, status 1 if ledger and warehouse disagree
	@bin/voidrelay demo

.PHONY: build
build: ## Build all programs into bin/
	@mkdir -p bin
	@$(GO) build -o bin/ ./kingdeesvc/cmd/... ./wmssvc/cmd/... ./orchestrator/cmd/...

.PHONY: test
test: ## Run all tests, with the race detector where a C compiler is found
	@$(if $(RACE),,echo "no C compiler: testing without the race detector")
	$(if $(RACE),CGO_ENABLED=1) $(GO) test $(RACE) -timeout 15m ./...

.PHONY: bench
bench: ## Print the figures: latency, load, a heap of voids, the bare loop, two hosts, old ledgers (15 minutes)
	$(GO) run ./orchestrator/bench

.PHONY: chaos
chaos: ## Kill everything again and again, then look for what was lost or cancelled wrongly (SEED=7; KILLS=200 is the long form, WITHIN=18m bounds it)
	@mkdir -p bin && $(GO) build -o bin/ ./orchestrator/cmd/voidrelay
	$(GO) run -tags chaos ./orchestrator/chaos -voidrelay bin/voidrelay $(if $(SEED),-seed $(SEED)) $(if $(KILLS),-kills $(KILLS)) $(if $(WITHIN),-within $(WITHIN))

.PHONY: chaos-broken
chaos-broken: ## Show that make chaos finds builds that are broken on purpose
	$(GO) test -tags chaos -count=1 -timeout 30m -run TestBrokenBuildsAreCaught -v ./orchestrator/chaos

.PHONY: check-web
check-web: bufcache ## Check what needs Node and npm: the contracts and the OpenAPI document in clients of that world
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "check-web needs node and npm"; exit 1; }
	cd tools/web && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	$(BUF) export . --output bin/contracts
	node tools/web/contracts.mjs bin/contracts
	cd tools/web && REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true npx --no-install redocly lint --config redocly.yaml ../../proto/gen/openapi.json
	cd tools/web && npx --no-install openapi-typescript ../../proto/gen/openapi.json --output rest.d.mts && npx --no-install tsc --project .
	@for file in swagger-ui-bundle.js swagger-ui-bundle.js.LICENSE.txt swagger-ui.css LICENSE NOTICE; do \
		cmp tools/web/node_modules/swagger-ui-dist/$$file orchestrator/internal/gateway/viewer/files/$$file || { \
		echo "the page /docs is not Swagger UI as tools/web pins it; copy the file"; exit 1; }; done
	$(GO) test -tags web -run '^TestTheClientOfTheDocument' -count 1 ./orchestrator/e2e/process
	$(GO) test -tags web -run '^TestTheNodeClient' -count 1 ./orchestrator/e2e/process
	@if ! command -v grpc_python_plugin >/dev/null || ! { python3 -c 'import grpc' || /usr/bin/python3 -c 'import grpc'; } 2>/dev/null; then \
		echo "left out: the Python client of docs/grpc.md wants python3-grpcio and protobuf-compiler-grpc"; else \
		$(GO) test -tags web -run '^TestThePythonClient' -count 1 ./orchestrator/e2e/process; fi

.PHONY: generate
generate: bufcache ## Rebuild proto/gen from the contracts
	$(BUF) generate

.PHONY: lint
lint: ## Run the linters over the contracts and the code
	$(BUF) lint
	$(LINT) run ./...

.PHONY: verify
verify: bufcache verify-proto verify-generated verify-breaking verify-format verify-width verify-words verify-places verify-vet verify-lint verify-tidy ## Check all that tests do not: contracts, generated code, format, width, words, places, linters, module files
	@echo "verify: all good"

# What verify is made of. Each can be called alone.

.PHONY: bufcache
bufcache:
	@cd tools && $(GO) run ./bufcache

.PHONY: verify-proto
verify-proto:
	$(BUF) lint
	$(BUF) format --diff --exit-code

# A diff would miss new files, so the state of the whole folder is asked for.
.PHONY: verify-generated
verify-generated: generate
	@changed="$$(git status --porcelain proto/gen)"; if [ -n "$$changed" ]; then \
		echo "proto/gen is not what the contracts generate; run 'make generate' and commit:"; echo "$$changed"; exit 1; fi

.PHONY: verify-breaking
verify-breaking:
	@tools/breaking $(BUF)

.PHONY: verify-format
verify-format:
	@unformatted="$$(gofmt -l .)"; if [ -n "$$unformatted" ]; then echo "not gofmt'ed:"; echo "$$unformatted"; exit 1; fi

# Go is the linters' business.
.PHONY: verify-width
verify-width:
	@cd tools && $(GO) run ./width

.PHONY: verify-words
verify-words:
	@cd tools && $(GO) test ./words && $(GO) run ./words

.PHONY: verify-places
verify-places:
	@cd tools && $(GO) run ./places

.PHONY: verify-vet
verify-vet:
	$(GO) vet ./...
	cd tools && $(GO) vet ./bufcache ./places ./size ./width ./words

.PHONY: verify-lint
verify-lint:
	$(LINT) run ./...

.PHONY: verify-tidy
verify-tidy:
	$(GO) mod tidy -diff
	cd tools && $(GO) mod tidy -diff
	cd tools/lint && $(GO) mod tidy -diff
