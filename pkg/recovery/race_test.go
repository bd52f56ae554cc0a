//go:build race

package recovery_test

func init() { underRace = true }
