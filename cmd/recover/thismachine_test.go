//go:build linux

package main

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"recover/internal/workstation"
)

func init() {
	programs["recover-on-this-machine"] = func() {
		lookAround = func() *workstation.Machine { return workstation.This("", thisTool().SHA256) }
		main()
	}
}

// TestPreflightOfThisMachine: behind the fence or not, the program sees the
// network that the machine has.
func TestPreflightOfThisMachine(t *testing.T) {
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	want := "fit       network      no network interface is up\n"
	for _, i := range interfaces {
		if i.Flags&net.FlagUp != 0 && i.Flags&net.FlagLoopback == 0 {
			want = "unfit     network      "
		}
	}
	if _, err := os.ReadDir("/sys/class/net"); err != nil {
		want = "doubtful  network      not known: /sys/class/net cannot be read\n"
	}
	o := start(t, exec.Command("recover-on-this-machine", "preflight"))
	if !strings.Contains("\n"+o.stdout, "\n"+want) {
		t.Errorf("no %q in\n%s", want, o.stdout)
	}
}
