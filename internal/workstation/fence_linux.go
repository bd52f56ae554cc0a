package workstation

import (
	"errors"
	"os"
	"sync"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"

	"recover/internal/seccomp"
)

var filterOnce = sync.OnceValue(seccomp.Program)

// The rights of Landlock that a rule gives.
const (
	readFile  = ll.AccessFSReadFile
	readTree  = ll.AccessFSReadFile | ll.AccessFSReadDir
	listTree  = ll.AccessFSReadDir
	nameTree  = ll.AccessFSReadDir | ll.AccessFSMakeDir | ll.AccessFSRemoveDir
	makeTree  = nameTree | readTree | ll.AccessFSMakeReg | ll.AccessFSRemoveFile | ll.AccessFSWriteFile | ll.AccessFSTruncate
	useDevice = ll.AccessFSReadFile | ll.AccessFSWriteFile | ll.AccessFSIoctlDev
)

// terminalPath is what is asked and answered at.
const terminalPath = "/dev/tty"

func confine(f Fence) []*GapError {
	var gaps []*GapError
	// Landlock is first: where it has to ask each thread by itself, it does so
	// with calls that the filter lets through, but need not.
	if err := fenceFiles(f); err != nil {
		gaps = append(gaps, noLandlock(err))
	}
	if err := filterOnce(); err != nil {
		gaps = append(gaps, noSeccomp(err))
	}
	return gaps
}

// isNameless tells what lies in no directory, as a pipe that the shell handed in:
// Landlock has no rules for it, and lets it be opened.
func isNameless(path string) bool {
	var fs unix.Statfs_t
	if unix.Statfs(path, &fs) != nil {
		return true
	}
	switch fs.Type {
	case unix.PIPEFS_MAGIC, unix.SOCKFS_MAGIC, unix.ANON_INODE_FS_MAGIC:
		return true
	}
	return false
}

// fenceFiles restricts all threads with Landlock.
func fenceFiles(f Fence) error {
	if abi, err := ll.LandlockGetABIVersion(); err != nil || abi < 1 {
		return errors.ErrUnsupported
	}
	var rules []landlock.Rule
	allow := func(paths []string, ofDirectory, ofFile landlock.AccessFSSet) {
		for _, path := range paths {
			info, err := os.Stat(path)
			switch {
			case err != nil: // it is not there, or nobody may reach it
			case info.IsDir():
				rules = append(rules, landlock.PathAccess(ofDirectory, path).IgnoreIfMissing())
			case ofFile != 0 && !isNameless(path):
				rules = append(rules, landlock.PathAccess(ofFile, path).IgnoreIfMissing())
			}
		}
	}
	allow(f.Read, readTree, readFile)
	allow(f.List, listTree, 0)
	allow(f.Make, makeTree, 0)
	allow(f.Replace, nameTree, 0)
	allow([]string{terminalPath}, 0, useDevice)
	// The newest rights that are known here, or those of them that the kernel
	// knows. Signals stay free: a helper that hangs has to be ended.
	return landlock.V5.BestEffort().RestrictPaths(rules...)
}
