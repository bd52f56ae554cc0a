# Two commands on a fresh machine: make drill, make test.
# The others are for those who work on the program.

VERSION     := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COMMIT      := $(shell git rev-parse HEAD 2>/dev/null)
LDFLAGS     := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.8.0
KUBEVALIDATE:= sigs.k8s.io/kubectl-validate@v0.0.4
VERSITYGW   := github.com/versity/versitygw/cmd/versitygw@v1.8.0
# runtime/secret erases what libraries copy: docs/threat-model.md, Memory.
EXPERIMENT  := runtimesecret
FUZZTIME    := 30s
MUTATED     := ./pkg/recovery ./pkg/report ./internal/output ./internal/bucket
SEED        := 1

# What the tests use beside Go, as command:package: a C compiler, the commands
# on the other side of the formats, and those that make tokens.
TOOLS := gcc:gcc gcc:libc6-dev age:age openssl:openssl strace:strace jq:jq parallel:parallel ssh-keygen:openssh-client zbarimg:zbar-tools \
	softhsm2-util:softhsm2 certutil:libnss3-tools pk12util:libnss3-tools \
	pkcsslotd:opencryptoki p11-kit:p11-kit p11-kit:p11-kit-modules \
	swtpm:swtpm tpm2_ptool:libtpm2-pkcs11-tools tpm2_ptool:libtpm2-pkcs11-1 tpm2_createprimary:tpm2-tools

# install installs packages, when root; else it says the one command.
define install
	if [ "$$(id -u)" = 0 ]; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(1); \
	else echo "this needs packages, run: sudo apt-get install" $(1) >&2; exit 1; fi
endef

.PHONY: build drill test check race fresh test-tools test-html test-wallets test-aws bench bench-bulk fuzz mutate vet staticcheck vulncheck cross

build:
	GOEXPERIMENT=$(EXPERIMENT) CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/recover ./cmd/recover
	@if [ "$$(go env CGO_ENABLED)" = 1 ]; then \
		CGO_ENABLED=1 go build -trimpath -ldflags '-s -w' -o bin/recover-pkcs11 ./cmd/recover-pkcs11; \
	else echo "NOT BUILT: bin/recover-pkcs11, which --hsm needs; it takes cgo and a C compiler" >&2; fi

drill: build
	go run ./fixtures/drill bin/recover

# A test that is skipped and not listed in fixtures/testrun/skips.txt fails it.
test: test-tools
	go run ./fixtures/testrun -timeout 30m ./...

test-tools:
	@PATH="$$PATH:/usr/sbin"; missing=; for t in $(TOOLS); do command -v $${t%%:*} >/dev/null || missing="$$missing $${t##*:}"; done; \
	if [ -n "$$missing" ]; then $(call install,--no-install-recommends$$missing); fi

# The reports as pages, in a browser.
test-html:
	@command -v chromium >/dev/null || { $(call install,chromium); }
	go run ./fixtures/testrun -tags html -count=1 ./internal/page

# What other wallets' libraries think of the transactions and exports, in Node.
test-wallets:
	@command -v npm >/dev/null || { $(call install,nodejs npm); }
	@set -e; for lock in fixtures/wallets*/package-lock.json; do (cd $${lock%/*} && npm ci --omit=dev --ignore-scripts --no-fund --no-audit); done
	go run ./fixtures/testrun -tags wallets -count=1 -timeout 30m ./pkg/transaction/... ./pkg/wallet/export ./internal/bbqr

# The template and the scripts of deploy/aws: its policies in a simulator, in Node;
# the collector, and downloads with their listing, with the real aws command and
# rclone, against a local server of S3.
test-aws:
	@command -v npm >/dev/null || { $(call install,nodejs npm); }
	@command -v aws >/dev/null || { $(call install,--no-install-recommends awscli); }
	@command -v rclone >/dev/null || { $(call install,--no-install-recommends rclone); }
	@cd fixtures/aws && npm ci --omit=dev --ignore-scripts --no-fund --no-audit
	GOBIN="$(CURDIR)/build/tools" go install $(VERSITYGW)
	PATH="$(CURDIR)/build/tools:$$PATH" go run ./fixtures/testrun -tags aws -count=1 -timeout 30m ./fixtures/aws

# deploy/weekly: units, image, manifests, alarms, and 2,000 keys in parts; takes root.
# Of the package prometheus only promtool is taken: installed, it is a server.
.PHONY: test-weekly
test-weekly: test-tools
	@PATH="$$PATH:/usr/sbin"; { command -v systemd-analyze && command -v buildah; } >/dev/null || { $(call install,--no-install-recommends systemd buildah); }
	GOBIN="$(CURDIR)/build/tools" go install $(KUBEVALIDATE)
	@set -e; cd build/tools; [ -x promtool ] || { [ "$$(id -u)" != 0 ] || apt-get update -qq; \
		rm -rf package prometheus_*.deb; apt-get -o APT::Sandbox::User=root download -qq prometheus; dpkg -x prometheus_*.deb package; mv package/usr/bin/promtool .; rm -rf package prometheus_*.deb; }
	PATH="$(CURDIR)/build/tools:$$PATH" go run ./fixtures/testrun -tags weekly -count=1 -timeout 30m ./fixtures/weekly

# What a change has to pass beside the tests: .ci/run runs all of it.
check: vet staticcheck vulncheck cross race

# The quick tests of all packages, and the long ones where several things happen at
# a time. Most long tests run one thing after another, ten times slower here.
RACED := ./pkg/recovery ./pkg/hsm ./pkg/report ./internal/output ./internal/bucket
RACED_HERE := TestInOrder|TestOrder|TestKilled|TestInterrupted|TestTokensLikeKeyFile|TestTokenIsLost|TestHelperDies|TestSharedDescriptor|TestResumeSettles|TestTokenIsNeverIdle
race: test-tools
	go test -race -timeout 30m -short ./...
	go test -race -timeout 30m $(RACED)
	go test -race -timeout 30m -run '$(RACED_HERE)' ./cmd/recover

# The two commands on the smallest Debian, in a new root directory; takes root.
fresh:
	.ci/fresh

# All files of a release, in DIST; recover-pkcs11 takes root. Then: the same bytes
# in six surroundings.
DIST := dist
.PHONY: release reproduce test-release test-arm64
test-release:
	@command -v groff >/dev/null || { $(call install,groff); }
	cd fixtures/release && go vet ./... && go test -count=1 ./...

# The program for linux/arm64 rebuilds keys on an emulated processor.
test-arm64:
	@command -v qemu-aarch64-static >/dev/null || command -v qemu-aarch64 >/dev/null || { $(call install,--no-install-recommends qemu-user-static); }
	fixtures/release/arm64

release:
	cd fixtures/release && go run . -out $(abspath $(DIST))

reproduce:
	fixtures/release/reproduce

# Which file of cmd/recover uses which; fails on an arrow upwards or between verbs.
.PHONY: arrows
arrows:
	go run ./fixtures/arrows cmd/recover

vet:
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt these:" $$unformatted >&2; exit 1; fi
	go vet ./...
	CGO_ENABLED=0 go vet ./...

staticcheck:
	go run $(STATICCHECK) ./...

# Needs its database: a machine without a network has none, and says so.
vulncheck:
	@go run $(GOVULNCHECK) ./... > build-vulncheck.out 2>&1; status=$$?; cat build-vulncheck.out; \
	if [ $$status -ne 0 ] && grep -q -e 'dial tcp' -e 'no such host' -e 'connection refused' -e 'fetching vulnerabilities' build-vulncheck.out; then \
		echo "SKIPPED, NOT PASSED: govulncheck has no database here" >&2; status=0; fi; \
	rm -f build-vulncheck.out; exit $$status

# The program builds for the machines that it is for.
cross:
	@set -e; for target in linux/amd64 linux/arm64 darwin/arm64 windows/amd64; do \
		echo "CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} go build ./cmd/recover"; \
		CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} go build -o /dev/null ./cmd/recover; \
	done
	CGO_ENABLED=0 GOOS=darwin GOARCH=arm64 go vet ./...
	CGO_ENABLED=0 GOOS=windows GOARCH=amd64 go vet ./...

bench:
	go test -run '^$$' -bench . ./internal/group ./internal/strictjson ./pkg/rsadecrypt ./pkg/shard ./pkg/record ./cmd/recover-pkcs11

# Many keys, as users run the program, against the RSA operations; some minutes.
bench-bulk: build
	go run ./fixtures/bulk bin/recover

# Every fuzz test for FUZZTIME.
fuzz:
	@set -e; for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$package; \
		done; \
	done

# Whether the tests of a package notice small changes to its code; some minutes
# a package. A change may make a test ask for memory without end: 8 GB are enough.
mutate:
	ulimit -v 8000000; go run ./fixtures/mutate -short -n 40 -least 38 -seed $(SEED) \
		-last 'TestAttacker$$|TestRule$$|TestTwoBackups|TestOperationLimit' $(MUTATED)
