//go:build cgo && (linux || darwin)

package main

/*
#include <signal.h>

static void die_plainly(void)
{
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	signal(SIGFPE, SIG_DFL);
	signal(SIGILL, SIG_DFL);
	signal(SIGTRAP, SIG_DFL);
	signal(SIGABRT, SIG_DFL);
}
*/
import "C"

// diePlainly takes the signals of a crash back from the Go runtime, which would
// write the registers and the stack to stderr, whatever GOTRACEBACK says: a PIN
// may be in them.
func diePlainly() { C.die_plainly() }
