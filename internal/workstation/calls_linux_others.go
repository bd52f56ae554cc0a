//go:build linux && !amd64

package workstation

var deniedHere []uint32
