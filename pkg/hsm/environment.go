package hsm

import (
	"path/filepath"
	"strings"
)

// stripped are the beginnings of variables that change how a program is loaded
// (LD_PRELOAD, DYLD_…), what the C library does, or how Go runs; and those of
// pkcs11-spy, which writes PINs where they say.
var stripped = []string{
	"LD_", "DYLD_", "GLIBC_", "GCONV_", "MALLOC_",
	"PKCS11SPY",
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

// Modules that stand before another one and write down what is called, and
// variables that have modules do so. PINs may be in what they write.
var (
	loggingModules   = []string{"pkcs11-spy", "pkcs11-logger", "cklog"}
	loggingVariables = []string{
		"OPENSC_DEBUG", "P11_KIT_DEBUG", "YKCS11_DBG", "YUBIHSM_PKCS11_DBG", "TPM2_PKCS11_LOG_LEVEL", "CKNFAST_DEBUG",
		"NSPR_LOG_MODULES", "NSS_DEBUG_PKCS11_MODULE", "PKCS11_LOGGER_LIBRARY_PATH",
	}
)

// Logging returns what, of the options, has a module write down what it is
// asked, in which a PIN may be: the name of the module, names of variables, or
// "debug" in the arguments. Nothing where there is no sign of it.
func (o Options) Logging() (signs []string) {
	name := strings.ToLower(filepath.Base(o.Module))
	for _, m := range loggingModules {
		if strings.Contains(name, m) {
			signs = append(signs, "the module "+quoted(filepath.Base(o.Module)))
		}
	}
	for _, v := range loggingVariables {
		for _, given := range o.Environment {
			if value, ok := strings.CutPrefix(given, v+"="); ok && value != "" && value != "0" {
				signs = append(signs, "the variable "+v)
			}
		}
	}
	for _, word := range []string{"debug", "dinout"} {
		if strings.Contains(strings.ToLower(o.InitArguments), word) {
			signs = append(signs, "the word "+word+" in the module's arguments")
		}
	}
	return signs
}
