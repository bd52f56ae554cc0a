//go:build goexperiment.runtimesecret

package secret

import (
	"runtime"
	"runtime/secret"
)

// Erases tells whether this build has runtime/secret.
const Erases = true

func do(f func()) { secret.Do(f) }

func collect() {
	// What the first finds unreachable, it erases when it sweeps, which the second
	// waits for.
	runtime.GC()
	runtime.GC()
}
