package hsm

import (
	"slices"
	"testing"
)

func TestHelperEnvironment(t *testing.T) {
	got := helperEnvironment([]string{
		"PATH=/bin", "LD_PRELOAD=/evil.so", "LD_LIBRARY_PATH=/evil", "DYLD_INSERT_LIBRARIES=/evil", "GLIBC_TUNABLES=x",
		"GODEBUG=x", "GOTRACEBACK=crash", "GORACE=x", "GOGC=1", "GOMAXPROCS=1", "GOCOVERDIR=/x", "MALLOC_TRACE=/x",
		"SOFTHSM2_CONF=/c", "GOOGLE_APPLICATION_CREDENTIALS=/c", "YUBIHSM_PKCS11_CONF=/c", "CRYPTOSERVER=x",
	})
	want := []string{
		"GOTRACEBACK=none", "PATH=/bin", "SOFTHSM2_CONF=/c", "GOOGLE_APPLICATION_CREDENTIALS=/c", "YUBIHSM_PKCS11_CONF=/c", "CRYPTOSERVER=x",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
