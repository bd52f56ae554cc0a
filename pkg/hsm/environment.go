package hsm

import "strings"

// stripped are the beginnings of variables that change how a program is loaded
// (LD_PRELOAD, DYLD_…), what the C library does, or how Go runs.
var stripped = []string{
	"LD_", "DYLD_", "GLIBC_", "GCONV_", "MALLOC_",
	"GODEBUG=", "GOTRACEBACK=", "GOGC=", "GOMEMLIMIT=", "GOMAXPROCS=", "GORACE=", "GOCOVERDIR=",
}

// helperEnvironment keeps what modules need, such as SOFTHSM2_CONF, and no
// tracebacks: they may show memory in which a PIN or a plaintext was kept.
func helperEnvironment(environment []string) []string {
	kept := []string{"GOTRACEBACK=none"}
	for _, variable := range environment {
		if !isStripped(variable) {
			kept = append(kept, variable)
		}
	}
	return kept
}

func isStripped(variable string) bool {
	for _, prefix := range stripped {
		if strings.HasPrefix(variable, prefix) {
			return true
		}
	}
	return false
}
