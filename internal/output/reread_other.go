//go:build !linux

package output

// DropCache reports that what is read next may come from the system's memory:
// only Linux can be asked to forget it.
func DropCache(string) bool { return false }
