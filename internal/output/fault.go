package output

import "os"

// Fault is for the tests of what writes through this package: it is asked before
// each call of the system that changes something, and its error is the call's.
// Of a write that fails, half is written; a sync is only played. op is "mkdir", "open", "write",
// "sync", "syncdir", "close", "rename" or "remove". It is nil in the program.
var Fault func(op, path string) error

func faulty(op, path string) error {
	if Fault == nil {
		return nil
	}
	return Fault(op, path)
}

func writeFile(f *os.File, p []byte) (int, error) {
	if err := faulty("write", f.Name()); err != nil {
		n, _ := f.Write(p[:len(p)/2])
		return n, err
	}
	return f.Write(p)
}

func syncFile(f *os.File) error {
	if Fault != nil {
		return Fault("sync", f.Name())
	}
	return f.Sync()
}

// syncNames makes the names in a directory last.
func syncNames(dir string) error {
	if Fault != nil {
		return Fault("syncdir", dir)
	}
	return syncDir(dir)
}
