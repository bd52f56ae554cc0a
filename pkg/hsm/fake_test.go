package hsm

import "os"

// fakeOptions make the test binary the helper: see softtoken.FakeHelper.
func fakeOptions(mode string, settings ...string) Options {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return Options{
		Module: "/fake/module.so", Helper: self,
		Environment: append(settings, "FAKE_HELPER="+mode),
	}
}
