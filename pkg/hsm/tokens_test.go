package hsm

import (
	"crypto/rsa"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"recover/fixtures/softtoken"
	"recover/fixtures/testkey"
	"recover/internal/secret"
)

// A testToken is a token with testkey.Recovery(0) in it.
type testToken struct {
	softtoken.Token
	options  Options
	location Location
	public   *rsa.PublicKey
}

func (k testToken) with(environment ...string) testToken {
	k.options.Environment = append(slices.Clip(k.options.Environment), environment...)
	return k
}

func pin() *secret.Bytes { return secret.New([]byte(softtoken.PIN)) }

// tokens makes them in a directory for the whole test binary.
var tokens *softtoken.Maker

func TestMain(m *testing.M) {
	if os.Getenv("FAKE_HELPER") != "" {
		softtoken.FakeHelper()
	}
	dir, err := os.MkdirTemp("", "recover-hsm-test-")
	if err != nil {
		panic(err)
	}
	tokens = softtoken.New(dir)
	for i := range busyPauses {
		busyPauses[i] = time.Duration(i+1) * time.Millisecond
	}
	status := m.Run()
	stopSlotDaemon()
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

// need skips a test for which this machine lacks something.
func need[T any](t testing.TB, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Skipf("SKIPPED, NOT TESTED: %v", err)
	}
	return v
}

func helperProgram(t testing.TB) string {
	t.Helper()
	path, err := tokens.Helper()
	return need(t, path, err)
}

// softHSM returns a token of SoftHSM for one test.
func softHSM(t testing.TB) testToken {
	t.Helper()
	token, err := tokens.SoftHSM()
	return use(t, need(t, token, err))
}

func nss(t testing.TB) testToken {
	t.Helper()
	token, err := tokens.NSS()
	return use(t, need(t, token, err))
}

func use(t testing.TB, token softtoken.Token) testToken {
	t.Helper()
	l, err := ParseLocation(token.URI)
	if err != nil {
		t.Fatal(err)
	}
	return testToken{
		Token:    token,
		options:  Options{Module: token.Module, InitArguments: token.InitArguments, Environment: token.Environment, Helper: helperProgram(t)},
		location: l,
		public:   &testkey.Recovery(0).PublicKey,
	}
}

// throughFaults puts the fault module before the token's own. The calls are
// written to the file log.
func throughFaults(t *testing.T, k testToken, settings ...string) (faulty testToken, log string) {
	t.Helper()
	log = filepath.Join(t.TempDir(), "calls")
	token, err := tokens.Faulty(k.Token, log, settings...)
	faulty = use(t, need(t, token, err))
	faulty.public = k.public
	return faulty, log
}

// callsOf returns the lines of the log that begin with the function.
func callsOf(t *testing.T, log, function string) (calls []string) {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, function) {
			calls = append(calls, strings.TrimSpace(line))
		}
	}
	return calls
}
