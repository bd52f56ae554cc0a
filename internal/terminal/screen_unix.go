//go:build linux || darwin

package terminal

import (
	"os"

	"golang.org/x/sys/unix"
)

// openScreen opens the terminal and switches echo off until restore.
func openScreen() (out *os.File, restore func(), err error) {
	f, err := os.OpenFile("/dev/tty", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	fd := int(f.Fd())
	before, err := unix.IoctlGetTermios(fd, readTermios)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	quiet := *before
	quiet.Lflag &^= unix.ECHO | unix.ECHONL
	if err := unix.IoctlSetTermios(fd, writeTermios, &quiet); err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, func() { _ = unix.IoctlSetTermios(fd, writeTermios, before) }, nil
}
