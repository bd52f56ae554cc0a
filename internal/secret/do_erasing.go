//go:build goexperiment.runtimesecret

package secret

import (
	"runtime"
	"runtime/secret"
)

func do(f func()) { secret.Do(f) }

func collect() {
	// What the first finds unreachable, it erases when it sweeps, which the second
	// waits for.
	runtime.GC()
	runtime.GC()
}
