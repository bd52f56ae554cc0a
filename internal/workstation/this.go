package workstation

import (
	"os"
	"runtime"
	"time"
)

// This is the machine that the program runs on, with the SHA-256 of the program.
// A root other than "" is a directory that tests play a machine in: no
// environment and no user but an ordinary one belong to it.
func This(root, sha256 string) *Machine {
	m := &Machine{Linux: runtime.GOOS == "linux", UID: os.Getuid(), Environ: os.Environ(), Now: time.Now(), SHA256: sha256, Free: free}
	if root == "" {
		m.FS = os.DirFS(systemRoot)
		return m
	}
	m.FS, m.UID, m.Environ = os.DirFS(root), 1000, nil
	return m
}
