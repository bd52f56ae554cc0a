//go:build linux && !amd64

package seccomp

var ownMaking, ownMachine, ownOddity []uint32
