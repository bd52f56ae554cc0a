package main

import (
	"debug/elf"
	"regexp"
	"runtime/debug"
	"slices"
	"testing"

	"recover/fixtures/tier"
)

// underRace tells whether the tests run under the race detector, which is slow:
// what is the same without it is tested without it only.
func underRace() bool {
	info, _ := debug.ReadBuildInfo()
	return info != nil && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// TestBinaryIsStatic: the program needs nothing from the workstation.
func TestBinaryIsStatic(t *testing.T) {
	t.Parallel()
	f, err := elf.Open(built(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("the program has a segment %v", p.Type)
		}
	}
	if libraries, err := f.ImportedLibraries(); err != nil || len(libraries) > 0 {
		t.Errorf("the program needs %q, %v", libraries, err)
	}
	if f.Section(".symtab") != nil {
		t.Error("the program is not stripped")
	}
}

// network are the symbols of what talks to a network, or starts another
// program to do it.
var network = regexp.MustCompile(`^(` +
	`net\.\(\*(Dialer|sysDialer|Resolver|ListenConfig|sysListener|netFD|conn|TCPConn|UDPConn|IPConn|UnixConn)\)|` +
	`net\.(Dial|Listen|Lookup|[a-z]*[sS]ocket|dial|listen|newFD|cgoLookup|goLookup)|` +
	`(syscall|golang\.org/x/sys/unix|internal/syscall/unix)\.([a-z]*[sS]ocket|[sS]ocketpair|[cC]onnect|[bB]ind|[lL]isten|[aA]ccept4?|[sS]endto|[sS]endmsg|[rR]ecvfrom|[rR]ecvmsg)|` +
	`internal/poll\.\(\*FD\)\.(Connect|Accept|ReadFrom|WriteTo|ReadMsg|WriteMsg|Setsockopt)|` +
	`net/http\.|crypto/tls\.|os/exec\.)`)

// TestBinaryHasNoNetwork looks through the symbols of the same program before
// it is stripped.
func TestBinaryHasNoNetwork(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	path, err := goBuild("recover-with-symbols", "-trimpath")
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	symbols, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, s := range symbols {
		seen[s.Name] = true
		if network.MatchString(s.Name) {
			t.Errorf("the program has %s", s.Name)
		}
	}
	// What is looked for could be found, if it were there.
	for _, name := range []string{"main.main", "syscall.write", "internal/poll.(*FD).Write", "crypto/rsa.DecryptOAEP"} {
		if !seen[name] {
			t.Errorf("among %d symbols there is no %s", len(symbols), name)
		}
	}
	for _, name := range []string{
		"net.(*Dialer).DialContext", "net.internetSocket", "net.socket", "net.(*netFD).connect", "syscall.socket", "syscall.Socket", "syscall.connect",
		"golang.org/x/sys/unix.Socket", "golang.org/x/sys/unix.sendto", "internal/poll.(*FD).Connect", "os/exec.Command",
	} {
		if !network.MatchString(name) {
			t.Errorf("%s would not be found", name)
		}
	}
}
