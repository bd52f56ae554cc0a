# Two commands on a fresh machine: make drill, make test. The rest is for those
# who work on the program.

VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
BUILD   := CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)'

build:
	$(BUILD) -o bin/recover ./cmd/recover

.PHONY: build
