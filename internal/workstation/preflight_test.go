package workstation_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"recover/fixtures/machine"
	"recover/internal/workstation"
)

// subject has a file of each kind.
func subject() *workstation.Subject {
	return &workstation.Subject{
		Secrets: []string{"/key/key.pem"}, Records: []string{"/rec/record.json"}, Backups: []string{"/bucket"}, Outputs: []string{"/out"},
		Program: strings.Repeat("ab", 32), Compare: true,
	}
}

// files are those of a fit machine, and of the subject.
func files() fstest.MapFS {
	all := machine.Files()
	then := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	all["key/key.pem"] = &fstest.MapFile{Mode: 0o600, ModTime: then}
	all["rec/record.json"] = &fstest.MapFile{Mode: 0o644, ModTime: then}
	all["bucket"] = &fstest.MapFile{Mode: fs.ModeDir | 0o755, ModTime: then}
	all["out"] = &fstest.MapFile{Mode: fs.ModeDir | 0o700, ModTime: then}
	return all
}

// mounts are lines of mountinfo: device, point, kind.
func mounts(lines ...string) string {
	var text strings.Builder
	for i, line := range lines {
		f := strings.Fields(line)
		fmt.Fprintf(&text, "%d 1 %s / %s rw,nosuid shared:1 - %s /dev/x rw\n", i, f[0], f[1], f[2])
	}
	return text.String()
}

func put(name, text string) func(fstest.MapFS, *workstation.Machine, *workstation.Subject) {
	return func(f fstest.MapFS, _ *workstation.Machine, _ *workstation.Subject) {
		f[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
}

func takeAway(name string) func(fstest.MapFS, *workstation.Machine, *workstation.Subject) {
	return func(f fstest.MapFS, _ *workstation.Machine, _ *workstation.Subject) { delete(f, name) }
}

func mode(name string, mode fs.FileMode) func(fstest.MapFS, *workstation.Machine, *workstation.Subject) {
	return func(f fstest.MapFS, _ *workstation.Machine, _ *workstation.Subject) { f[name].Mode = mode }
}

func environ(v string) func(fstest.MapFS, *workstation.Machine, *workstation.Subject) {
	return func(_ fstest.MapFS, m *workstation.Machine, _ *workstation.Subject) {
		m.Environ = []string{"PATH=/bin", v}
	}
}

const swapHead = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"

// changes are what can be wrong with a fit machine, and what is said then.
var changes = []struct {
	item    string
	verdict workstation.Verdict
	fact    string
	change  func(fstest.MapFS, *workstation.Machine, *workstation.Subject)
}{
	{"network", "unfit", "the network interface eth0 is up", put("sys/class/net/eth0/flags", "0x1003\n")},
	{"network", "fit", "no network interface is up", put("sys/class/net/eth1/flags", "junk")},
	{"routes", "unfit", "there is a route through eth0", put("proc/net/route", "Iface\tDestination\neth0\t00000000\n")},
	{"routes", "unfit", "there is a route through wlan0", put("proc/net/ipv6_route", "fe80 40 00 00 00 00000100 00000001 00000000 00000001    wlan0\n")},
	{"routes", "doubtful", "not known: /proc/net/route cannot be read", takeAway("proc/net/route")},
	{"radio", "unfit", "a radio is on: wlan", put("sys/class/rfkill/rfkill0/soft", "0\n")},
	{"radio", "unfit", "a radio is on: wwan", func(f fstest.MapFS, _ *workstation.Machine, _ *workstation.Subject) {
		f["sys/class/rfkill/rfkill0/type"].Data, f["sys/class/rfkill/rfkill0/soft"].Data = []byte("wwan"), []byte("0")
	}},
	{"bluetooth", "unfit", "bluetooth is on", func(f fstest.MapFS, _ *workstation.Machine, _ *workstation.Subject) {
		f["sys/class/rfkill/rfkill0/type"].Data, f["sys/class/rfkill/rfkill0/soft"].Data = []byte("bluetooth"), []byte("0")
	}},
	{"swap", "unfit", "memory is swapped out to /dev/sda2, which is not encrypted", put("proc/swaps", swapHead+"/dev/sda2 partition 1 0 -2\n")},
	{"swap", "fit", "what is swapped out is encrypted", func(f fstest.MapFS, _ *workstation.Machine, _ *workstation.Subject) {
		f["proc/swaps"].Data = []byte(swapHead + "/dev/dm-1 partition 1 0 -2\n")
		f["sys/class/block/dm-1/dm/uuid"] = &fstest.MapFile{Data: []byte("CRYPT-PLAIN-swap\n")}
	}},
	{"swap", "fit", "nothing is swapped out", put("proc/swaps", swapHead+"/dev/zram0 partition 1 0 -2\n")},
	{"swap", "doubtful", "not known: /proc/swaps cannot be read", takeAway("proc/swaps")},
	{"hibernation", "doubtful", "the machine can hibernate: all memory is written to the disk then", put("proc/swaps", swapHead+"/dev/sda2 partition 1 0 -2\n")},
	{"hibernation", "fit", "the machine cannot hibernate", func(f fstest.MapFS, _ *workstation.Machine, _ *workstation.Subject) {
		f["proc/swaps"].Data = []byte(swapHead + "/dev/sda2 partition 1 0 -2\n")
		f["sys/power/disk"].Data = []byte("[disabled]\n")
	}},
	{"core-dumps", "doubtful", "a program collects what crashed programs had in memory; this one leaves nothing to it", put("proc/sys/kernel/core_pattern", "|/usr/lib/systemd/systemd-coredump %P\n")},
	{"core-dumps", "doubtful", "not known: /proc/sys/kernel/core_pattern cannot be read", takeAway("proc/sys/kernel/core_pattern")},
	{"ptrace", "doubtful", "processes of one user may look into each other; this program does not let them", put("proc/sys/kernel/yama/ptrace_scope", "0\n")},
	{"ptrace", "doubtful", "processes of one user may look into each other; this program does not let them", takeAway("proc/sys/kernel/yama/ptrace_scope")},
	{"users", "unfit", "another user is logged in: eve", put("proc/77/status", "Name:\tbash\nUid:\t1001\t1001\t1001\t1001\n")},
	{"users", "unfit", "another user is logged in: number 1002", put("proc/77/status", "Name:\tbash\nUid:\t1002\t1002\t1002\t1002\n")},
	{"root", "doubtful", "the program runs as root", func(_ fstest.MapFS, m *workstation.Machine, _ *workstation.Subject) { m.UID = 0 }},
	{"virtual", "unfit", "this is a virtual machine (QEMU)", put("sys/class/dmi/id/sys_vendor", "QEMU\n")},
	{"virtual", "unfit", "this is a virtual machine (Virtual Machine)", put("sys/class/dmi/id/product_name", "Virtual Machine\n")},
	{"virtual", "unfit", "this is a virtual machine: the processor says so", put("proc/cpuinfo", "flags\t\t: fpu hypervisor sse\n")},
	{"virtual", "unfit", "this is a container (Docker)", put(".dockerenv", "")},
	{"virtual", "doubtful", "not known: /proc/cpuinfo cannot be read", takeAway("proc/cpuinfo")},
	{"remote", "unfit", "this is a remote session: SSH_CONNECTION is set", environ("SSH_CONNECTION=10.0.0.1 1 10.0.0.2 22")},
	{"remote", "unfit", "this is a remote session: XRDP_SESSION is set", environ("XRDP_SESSION=1")},
	{"remote", "unfit", "the program x11vnc runs", put("proc/88/status", "Name:\tx11vnc\nUid:\t1000\t1000\t1000\t1000\n")},
	{"remote", "doubtful", "a terminal multiplexer keeps what is shown: TMUX is set", environ("TMUX=/tmp/tmux-1000/default,1,0")},
	{"clock", "doubtful", "the clock says 2026-11-25 12:00, and key.pem is from 2027-01-01 00:00", func(f fstest.MapFS, _ *workstation.Machine, _ *workstation.Subject) {
		f["key/key.pem"].ModTime = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	}},
	{"entropy", "unfit", "the system has 8 bits of randomness", put("proc/sys/kernel/random/entropy_avail", "8\n")},
	{"entropy", "doubtful", "not known: /proc/sys/kernel/random/entropy_avail cannot be read", takeAway("proc/sys/kernel/random/entropy_avail")},
	{"program", "unfit", "the program's SHA-256 is " + strings.Repeat("ab", 32) + ", not 00", func(_ fstest.MapFS, _ *workstation.Machine, s *workstation.Subject) { s.Program = "00" }},
	{"program", "doubtful", "the program's SHA-256 is " + strings.Repeat("ab", 32) + ", and was not compared", func(_ fstest.MapFS, _ *workstation.Machine, s *workstation.Subject) { s.Program = "" }},
	{"medium", "unfit", "/key/key.pem and the backups are on one medium, /", put("proc/self/mountinfo", mounts("8:1 / ext4"))},
	{"medium", "unfit", "/key/key.pem and the backups are on one medium, /key", put("proc/self/mountinfo", mounts("8:1 / ext4", "8:17 /key vfat", "8:17 /bucket vfat"))},
	{"medium", "fit", "recovery key, shares and backups are on different media", put("proc/self/mountinfo", mounts("8:1 / ext4", "8:17 /key vfat", "8:33 /bucket vfat"))},
	{"permissions", "unfit", "/key/key.pem can be used by others than its owner: mode 0640", mode("key/key.pem", 0o640)},
	{"permissions", "doubtful", "/rec/record.json can be changed by others than its owner: mode 0664", mode("rec/record.json", 0o664)},
	{"permissions", "doubtful", "on FAT, exFAT and NTFS, permissions say nothing: whoever has the medium has its files", func(f fstest.MapFS, _ *workstation.Machine, _ *workstation.Subject) {
		f["key/key.pem"].Mode = 0o777
		f["proc/self/mountinfo"].Data = []byte(mounts("8:1 / ext4", "8:17 /key exfat", "8:33 /bucket vfat"))
	}},
	{"space", "unfit", "10 MB are free for /out, of at least 64", func(_ fstest.MapFS, m *workstation.Machine, _ *workstation.Subject) {
		m.Free = func(string) (uint64, error) { return 10 << 20, nil }
	}},
	{"output", "unfit", "anybody may write to /out, where the output is to be", mode("out", fs.ModeDir|fs.ModeSticky|0o777)},
	{"output", "unfit", "the output goes to another machine (nfs4)", put("proc/self/mountinfo", mounts("0:1 / tmpfs", "0:50 /out nfs4"))},
	{"output", "doubtful", "the output goes to a disk of this machine (/): what was on it stays there, also when it is removed", put("proc/self/mountinfo", mounts("8:1 / ext4"))},
	{"output", "doubtful", "not known: which medium /out is on", takeAway("proc/self/mountinfo")},
	{"output", "fit", "the output goes to a medium that can be taken out, /out", func(f fstest.MapFS, _ *workstation.Machine, _ *workstation.Subject) {
		f["proc/self/mountinfo"].Data = []byte(mounts("0:1 / tmpfs", "8:17 /out vfat"))
		f["sys/dev/block/8:17/removable"] = &fstest.MapFile{Data: []byte("1\n")}
	}},
}

// TestPreflight looks at a machine that is fit, and then at one that is not in
// each way; of every item both outcomes are seen.
func TestPreflight(t *testing.T) {
	seen := make(map[string]map[workstation.Verdict]bool)
	note := func(all []workstation.Finding) {
		for _, f := range all {
			if seen[f.Item] == nil {
				seen[f.Item] = make(map[workstation.Verdict]bool)
			}
			seen[f.Item][f.Verdict] = true
			if (f.Verdict == workstation.Fit) != (f.Todo == "") || f.Fact == "" {
				t.Errorf("what to do: %+v", f)
			}
		}
	}
	look := func(change func(fstest.MapFS, *workstation.Machine, *workstation.Subject)) []workstation.Finding {
		f := files()
		m, s := machine.Of(f), subject()
		m.SHA256 = strings.Repeat("ab", 32)
		change(f, m, s)
		return m.Look(s)
	}
	all := look(func(fstest.MapFS, *workstation.Machine, *workstation.Subject) {})
	note(all)
	for _, f := range all {
		if f.Verdict != workstation.Fit {
			t.Errorf("a fit machine: %+v", f)
		}
	}
	for _, c := range changes {
		found := look(c.change)
		note(found)
		if !slices.ContainsFunc(found, func(f workstation.Finding) bool {
			return f.Item == c.item && f.Verdict == c.verdict && f.Fact == c.fact
		}) {
			t.Errorf("%s, %s: %q is not among %+v", c.item, c.verdict, c.fact, found)
		}
	}
	for _, item := range workstation.Items() {
		if !seen[item]["fit"] || !seen[item]["unfit"] && !seen[item]["doubtful"] {
			t.Errorf("%s: only %v are seen", item, slices.Sorted(maps.Keys(seen[item])))
		}
	}
}

// TestPreflightElsewhere: what cannot be looked at is said.
func TestPreflightElsewhere(t *testing.T) {
	m := machine.Of(os.DirFS(t.TempDir()))
	m.Linux = false
	m.Free = func(string) (uint64, error) { return 0, errors.New("none") }
	found := m.Look(subject())
	last := found[len(found)-1]
	if last.Item != "system" || last.Verdict != workstation.Doubtful || !strings.Contains(last.Fact, "network, routes, radio") {
		t.Errorf("%+v", found)
	}
}

// TestPreflightForReal looks at this machine.
func TestPreflightForReal(t *testing.T) {
	seen := make(map[string]bool)
	for _, f := range workstation.This("", "00").Look(&workstation.Subject{Outputs: []string{t.TempDir()}, Compare: true}) {
		t.Logf("%-9s %s: %s", f.Verdict, f.Item, f.Fact)
		seen[f.Item] = true
	}
	for _, item := range workstation.Items() {
		if !seen[item] && !seen["system"] && item != "medium" && item != "permissions" {
			t.Errorf("nothing is said of %s", item)
		}
	}
}
