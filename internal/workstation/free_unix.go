//go:build unix

package workstation

import "golang.org/x/sys/unix"

const systemRoot = "/"

func free(path string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}
