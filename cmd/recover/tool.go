package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"runtime/debug"
	"sync"

	"recover/pkg/report"
)

// version is set by the Makefile.
var version = "development"

// thisTool hashes the running executable. What cannot be found out is empty.
var thisTool = sync.OnceValue(func() report.Tool {
	t := report.Tool{Version: version}
	if info, ok := debug.ReadBuildInfo(); ok {
		t.Go = info.GoVersion
	}
	path, err := os.Executable()
	if err != nil {
		return t
	}
	f, err := os.Open(path)
	if err != nil {
		return t
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err == nil {
		t.SHA256 = hex.EncodeToString(h.Sum(nil))
	}
	return t
})
