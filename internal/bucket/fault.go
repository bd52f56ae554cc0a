package bucket

// fault is for the tests of this package: it is asked before each call of the
// system, and its error is the call's. op is "open", "readdir", "stat" or "read".
// It is nil in the program.
var fault func(op, path string) error

func faulty(op, path string) error {
	if fault == nil {
		return nil
	}
	return fault(op, path)
}
