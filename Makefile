# Everything needs only Go; `make test` installs the rest where it may.
GO ?= go
BENCHTIME ?= 2000x
FUZZTIME ?= 20s

.PHONY: help run pages test check bench fuzz lint golangci vulnerabilities clean

help: ## show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

pages: ## fetch jQuery for customers' page templates (needs npm; without it pages have none)
	./scripts/pages.sh

run: pages ## start everything on this machine: server, sample API, demo application
	$(GO) run ./cmd/journeyman dev

test: ## run every test, installing Chromium and PostgreSQL where that is possible
	./scripts/test.sh

check: ## the fast part: format, vet, ESLint where npm is there, unit tests
	./scripts/format.sh
	$(GO) vet ./...
	./scripts/eslint.sh
	$(GO) test ./internal/... ./cmd/...

bench: ## measure against a bare loop in the same run (bench/README.md)
	$(GO) test -run '^$$' -bench . -benchtime $(BENCHTIME) ./test/
	$(GO) test -run '^$$' -bench . ./internal/live/

fuzz: ## run every fuzz target for FUZZTIME (20s)
	@grep -rho --include=*_test.go --with-filename '^func Fuzz[A-Za-z0-9]*' . | sed 's/:func / /' | while read -r file target; do \
		echo "$$target" && $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzzminimizetime 20x -fuzztime $(FUZZTIME) "$$(dirname "$$file")" || exit 1; \
	done

# Not a part of make test, and not installed by it: golangci-lint takes several minutes to build.
golangci: ## lint the code with golangci-lint 2, where it is installed (.golangci.yml)
	@command -v golangci-lint >/dev/null || { echo "golangci-lint isn't installed: go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@latest" >&2; exit 1; }
	golangci-lint run ./...

vulnerabilities: ## look for known vulnerabilities, where their database can be reached
	./scripts/vulnerabilities.sh

lint: ## lint the starter policies
	$(GO) run ./cmd/journeyman policy lint policies

clean: ## forget the development data
	rm -rf data
