package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"

	"recover/pkg/report"
)

// version and commit are set by the build.
var (
	version = "development"
	commit  = ""
)

var errOwnHash = errors.New("the file of this program cannot be read, so its SHA-256 is not known")

// thisTool hashes the running executable. What cannot be found out is empty.
var thisTool = sync.OnceValue(func() report.Tool {
	t := report.Tool{Version: version}
	if info, ok := debug.ReadBuildInfo(); ok {
		t.Go = info.GoVersion
	}
	if path, err := os.Executable(); err == nil {
		if sum, err := hashFile(path); err == nil {
			t.SHA256 = hex.EncodeToString(sum[:])
		}
	}
	return t
})

func hashFile(path string) (sum [sha256.Size]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return [sha256.Size]byte(h.Sum(nil)), err
}

// helperBeside is where the helper for tokens lies, if it is there.
func helperBeside() string {
	self, err := os.Executable()
	if err != nil {
		return ""
	}
	return filepath.Join(filepath.Dir(self), "recover-pkcs11")
}
