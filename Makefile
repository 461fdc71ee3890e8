# The two commands: make run, make test. The others help while working.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.DELETE_ON_ERROR:

LISTEN ?= 127.0.0.1:8020
DATA   ?= ./var/demo
# Port of the trial provider of electronic identities that make run starts; none by default.
EID    ?=
TEST   ?= ./...
PAGES  ?= tools/shots/pages.txt
# Packages that are tested with the race detector; none by default.
RACE   ?=
# Flags of tools/bench, such as -short or -keep DIR.
BENCH  ?=
# Further flags of the faults, such as -run Kill.
FAULTS ?=
# Further flags of tools/tally, such as -may-skip .ci/may-skip.
TALLY  ?=

GO_FOLDERS := $(wildcard cmd faults internal packs tools) $(wildcard *.go)
SOURCES    := $(shell find internal/web/styles internal/web/scripts -type f 2>/dev/null)
DIST       := internal/web/static/dist
INSTALLED  := node_modules/.package-lock.json
BUILT      := node_modules/.assets-built

.PHONY: help
help: ## list what make can do
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: assets ## serve the demo province on LISTEN (127.0.0.1:8020), data in DATA (./var/demo); EID=8030 adds a trial provider of electronic identities
	@echo "Building quay20; the first time takes a minute or two."
	@mkdir -p $(DATA) var
	@go build -o var/quay20 ./cmd/quay20
	@if test -n "$(EID)"; then \
		node tools/eid/provider.mjs --port $(EID) --redirect http://$(LISTEN)/tai-khoan/vao/tra-loi & trap "kill $$!" EXIT; \
		(umask 077; echo only-for-trials > var/eid.secret); \
		var/quay20 demo --data $(DATA) --listen $(LISTEN) --eid-issuer http://127.0.0.1:$(EID) --eid-secret-file var/eid.secret --eid-level level-2; \
	else exec var/quay20 demo --data $(DATA) --listen $(LISTEN); fi

.PHONY: test
test: assets ## all tests on both databases and in a browser; installs what they need. TEST=./internal/store for one
	@go vet $(TEST)
	@go run ./tools/testenv -- go run ./tools/tally -race "$(RACE)" $(TALLY) $(TEST)

.PHONY: check
check: ## formatting, vet, staticcheck, generated files, house rules
	@echo "gofmt";       odd=$$(gofmt -l $(GO_FOLDERS)); test -z "$$odd" || { echo "$$odd"; echo "to format these: make fmt"; exit 1; }
	@echo "vet";         go vet ./...
	@echo "staticcheck"; go tool staticcheck ./...
	@echo "modules";     go mod verify >/dev/null
	@echo "generated";   $(MAKE) generated
	@echo "house rules"; go test -count=1 .

# The files that go generate writes must be those that are there.
.PHONY: generated
generated:
	@before=$$($(fingerprint)); go generate ./...; after=$$($(fingerprint)); \
	if [ "$$before" != "$$after" ]; then \
		echo "go generate changed these files; keep them:"; \
		diff <(echo "$$before") <(echo "$$after") | awk '/^>/ { print $$3 }'; exit 1; \
	fi
fingerprint = git ls-files -co --exclude-standard -z -- '*.go' packs docs internal | xargs -0 sha256sum 2>/dev/null | sort -k 2 || true

.PHONY: fmt
fmt: ## format all Go
	@gofmt -w $(GO_FOLDERS)

.PHONY: assets
assets: $(BUILT) ## build styles, scripts and fonts if they changed
	@true

# Without the built style sheets the stamp counts for nothing.
$(BUILT): $(INSTALLED) tools/assets.mjs $(SOURCES) $(if $(wildcard $(DIST)/fonts/*),,rebuild)
	@npm run --silent build
	@touch $@

.PHONY: rebuild
rebuild:

$(INSTALLED): package.json package-lock.json .npmrc
	@command -v npm >/dev/null || { echo "The pages are built with Node.js 20 or newer, which is not here. Install it, or start without styles: go run ./cmd/quay20 demo"; exit 1; }
	@echo "Installing what the pages are built from (npm ci)"
	@npm ci --no-audit --no-fund --loglevel=error || { echo "npm could not install the packages of package-lock.json. To start without styles: go run ./cmd/quay20 demo"; exit 1; }
	@touch $@

.PHONY: golden
golden: ## rewrite the golden files; read the difference afterwards
	@go run ./tools/testenv -- go test $(TEST) -run Golden -update

.PHONY: shots
shots: ## pictures of the pages in PAGES of a running demo, 360 and 1280 px wide, into var/shots
	@go run ./tools/testenv -postgres=false -- go run ./tools/shots -base http://$(LISTEN) -out var/shots $(PAGES)

.PHONY: bench
bench: ## speed, memory and size beside their baselines; writes a table into docs/performance.md. BENCH=-short for some minutes
	@go run ./tools/testenv -- go run ./tools/bench $(BENCH)

.PHONY: faults
faults: ## the long run of the faults, up to an hour; rewrites the table of docs/reliability.md. FAULTS="-run Kill" for one
	@go run ./tools/testenv -chromium=false -- go test -count=1 -timeout=3h -v ./faults -long -record $(FAULTS)
	@go test . -run Reliability -update

.PHONY: deb
deb: assets ## the Debian package with the service, into var/
	@go run ./tools/deb -out var

.PHONY: trydeb
trydeb: assets ## install, update, remove and reinstall the package on a clean Debian that is booted in a folder; as root
	@packaging/try

.PHONY: clean
clean: ## remove what was built and the demo province
	@rm -rf var $(BUILT)
	@find $(DIST) -mindepth 1 ! -name .keep -delete
