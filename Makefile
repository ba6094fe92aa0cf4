# Everything needs only Go; `make test` installs the rest where it may.
GO ?= go
BENCHTIME ?= 2000x

.PHONY: help run test check bench lint clean

help: ## show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

run: ## start everything on this machine: server, sample API, demo application
	$(GO) run ./cmd/journeyman dev

test: ## run every test, installing Chromium and PostgreSQL where that is possible
	./scripts/test.sh

check: ## the fast part: format, vet, unit tests
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	$(GO) vet ./...
	$(GO) test ./internal/... ./cmd/...

bench: ## measure against a bare loop in the same run (bench/README.md)
	$(GO) test -run '^$$' -bench . -benchtime $(BENCHTIME) ./test/

lint: ## lint the starter policies
	$(GO) run ./cmd/journeyman policy lint policies

clean: ## forget the development data
	rm -rf data
