package main

import (
	"fmt"
	"path/filepath"
	"slices"

	"recover/internal/message"
	"recover/internal/terminal"
	"recover/pkg/hsm"
	"recover/pkg/rsadecrypt"
)

// usualModules are the places where the modules of the makers are put.
var usualModules = []string{
	"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm.so", "/usr/local/lib/softhsm/libsofthsm2.so",
	"/usr/lib64/pkcs11/libsofthsm2.so", "/opt/homebrew/lib/softhsm/libsofthsm2.so",
	"/usr/lib/*/p11-kit-proxy.so", "/usr/lib64/p11-kit-proxy.so", "/usr/lib/*/pkcs11/p11-kit-client.so", "/usr/lib64/pkcs11/p11-kit-client.so",
	"/usr/lib/*/libtpm2_pkcs11.so.1", "/usr/lib/*/pkcs11/libtpm2_pkcs11.so", "/usr/lib64/pkcs11/libtpm2_pkcs11.so",
	"/usr/lib/*/opensc-pkcs11.so", "/usr/lib64/opensc-pkcs11.so", "/Library/OpenSC/lib/opensc-pkcs11.so",
	"/usr/lib/*/libykcs11.so", "/usr/lib64/libykcs11.so", "/usr/local/lib/libykcs11.dylib",
	"/usr/lib/*/pkcs11/yubihsm_pkcs11.so", "/usr/lib64/pkcs11/yubihsm_pkcs11.so", "/usr/local/lib/pkcs11/yubihsm_pkcs11.dylib",
	"/usr/lib*/pkcs11/libopencryptoki.so", "/usr/lib/*/pkcs11/libopencryptoki.so",
	"/usr/lib/*/libsoftokn3.so", "/usr/lib64/libsoftokn3.so",
	"/usr/lib/*/libykcs11.so.2", "/usr/lib/nitrokey/libnethsm_pkcs11.so", "/usr/lib*/libnethsm_pkcs11.so", "/usr/lib/*/libnethsm_pkcs11.so",
	"/usr/local/lib/libnethsm_pkcs11.so", "/opt/nfast/toolkits/pkcs11/libcknfast.so",
	"/usr/safenet/lunaclient/lib/libCryptoki2_64.so", "/usr/lib/libCryptoki2_64.so", "/opt/safenet/lunaclient/lib/libCryptoki2_64.so",
	"/opt/cloudhsm/lib/libcloudhsm_pkcs11.so", "/opt/utimaco/lib/libcs_pkcs11_R3.so",
}

// listTokens shows what can be seen without a PIN.
func listTokens(p *program, args []string) error {
	var f tokenFlags
	var json bool
	fs := newFlags("hsm list")
	fs.Var(&f.uri, "hsm", "")
	f.moduleFlags.register(fs)
	fs.BoolVar(&json, "json", false, "")
	if err := parseFlags(fs, args, 0); err != nil {
		return err
	}
	if err := f.checkFilter(); err != nil {
		return err
	}
	if f.modulePath() == "" {
		return listModules(p, &f.moduleFlags, json)
	}
	m, err := hsm.Open(p.ctx, f.options())
	if err != nil {
		return interruptedIfClosed(err)
	}
	defer m.Close()
	if err := p.checkHelper(m); err != nil {
		return err
	}
	return listModule(p.term, m, f.location, json)
}

// checkFilter reads the location, which is a filter here: all that is not in it
// fits.
func (f *tokenFlags) checkFilter() error {
	if f.uri.text != "" {
		var err error
		if f.location, err = f.uri.location(); err != nil {
			return err
		}
		switch {
		case f.module != "" && f.location.Module != "":
			return &usageError{"--hsm-module and module-path in --hsm are both given", "give one or the other"}
		case f.modulePath() == "":
			return &usageError{"--hsm is given without --hsm-module", hintModule}
		}
	}
	return f.moduleFlags.check()
}

// listModules names the modules that are in the usual places. None is loaded,
// for that would run it.
func listModules(p *program, f *moduleFlags, json bool) error {
	if f.initArgs != "" || f.helper != "" || f.network {
		return &usageError{"--hsm-init-args, --hsm-helper and --hsm-network are given without --hsm-module", "name the module"}
	}
	var found []string
	for _, pattern := range usualModules {
		files, _ := filepath.Glob(pattern) // the patterns are well-formed
		for _, file := range files {
			if !slices.Contains(found, file) {
				found = append(found, file)
			}
		}
	}
	if err := p.confine(); err != nil {
		return err
	}
	if len(found) == 0 {
		return errNoModules
	}
	for _, path := range found {
		if err := show(p.term, json, moduleResult{Type: "module", Path: path}); err != nil {
			return err
		}
	}
	p.term.Note("none of them was loaded: --hsm-module FILE shows the tokens of one")
	return nil
}

// moduleResult is what is said of a module. Without a version, it was not
// loaded.
type moduleResult struct {
	Type         string `json:"type"` // "module"
	Path         string `json:"path"`
	Manufacturer string `json:"manufacturer,omitempty"`
	Description  string `json:"description,omitempty"`
	Version      string `json:"version,omitempty"`
}

func (r moduleResult) lines() []string {
	if r.Version == "" {
		return []string{"module " + r.Path}
	}
	return []string{fmt.Sprintf("module %s: %q, %q, version %s", r.Path, r.Manufacturer, r.Description, r.Version)}
}

// tokenResult is what is said of a token.
type tokenResult struct {
	Type         string           `json:"type"` // "token"
	Location     string           `json:"location"`
	Label        string           `json:"label"`
	Manufacturer string           `json:"manufacturer"`
	Model        string           `json:"model"`
	Serial       string           `json:"serial"`
	Login        string           `json:"login"` // "pin", "pin-pad", "none"
	PINState     string           `json:"pin_state,omitempty"`
	Keys         []tokenKeyResult `json:"keys"`
	Fault        string           `json:"fault,omitempty"` // why keys may be missing
}

type tokenKeyResult struct {
	Kind        string `json:"kind"` // "public", "private"
	Location    string `json:"location"`
	Bits        int    `json:"bits,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
	forPeople   string
}

func (r tokenResult) lines() []string {
	lines := []string{
		fmt.Sprintf("token %q of %q, model %q, serial number %q", r.Label, r.Manufacturer, r.Model, r.Serial),
		"    location: " + message.ShellQuote(r.Location),
		"    login: " + map[string]string{"pin": "with a PIN", "pin-pad": "with a PIN that is entered at the token", "none": "not needed"}[r.Login],
	}
	if r.PINState != "" {
		lines = append(lines, "    PIN: "+r.PINState)
	}
	switch {
	case r.Fault != "" && len(r.Keys) > 0:
		lines = append(lines, "    keys: "+r.Fault)
	case r.Fault != "":
		lines = append(lines, "    keys: not known: "+r.Fault)
	case len(r.Keys) == 0:
		lines = append(lines, "    keys: none that is visible without a PIN; the location is enough if the token has one RSA key")
	}
	for _, k := range r.Keys {
		lines = append(lines, fmt.Sprintf("    %s key %s", k.Kind, message.ShellQuote(k.Location)))
		if k.Fingerprint != "" {
			lines = append(lines, fmt.Sprintf("        RSA-%d, %s", k.Bits, k.forPeople))
		}
	}
	return lines
}

func listModule(term *terminal.Terminal, m *hsm.Module, filter hsm.Location, json bool) error {
	if err := show(term, json, moduleResult{"module", m.Path, m.Manufacturer, m.Description, m.Version}); err != nil {
		return err
	}
	tokens, err := m.Tokens(filter)
	if err != nil {
		return err
	}
	var fault error
	for _, t := range tokens {
		r, err := describeToken(t, filter)
		if err != nil && fault == nil {
			fault = err
		}
		if err := show(term, json, r); err != nil {
			return err
		}
	}
	if len(tokens) == 0 {
		term.Note("the module has no such token that is initialized")
	}
	return fault
}

func describeToken(t *hsm.Token, filter hsm.Location) (*tokenResult, error) {
	r := &tokenResult{
		Type: "token", Location: t.Location().String(),
		Label: t.Label, Manufacturer: t.Manufacturer, Model: t.Model, Serial: t.Serial,
		Login: "none", PINState: t.PINState(), Keys: []tokenKeyResult{},
	}
	switch {
	case t.NeedsPIN():
		r.Login = "pin"
	case t.NeedsLogin():
		r.Login = "pin-pad"
	}
	keys, err := t.Keys(filter)
	if err != nil {
		r.Fault = err.Error()
	}
	for _, k := range keys {
		r.Keys = append(r.Keys, describeKey(t, k))
	}
	if err == nil && len(keys) >= hsm.MaxKeys {
		r.Fault = errManyKeys.Error()
	}
	return r, err
}

func describeKey(t *hsm.Token, k hsm.KeyInfo) tokenKeyResult {
	r := tokenKeyResult{Kind: "public", Location: locationOf(t, k).String()}
	if k.Private {
		r.Kind = "private"
	}
	if k.Public != nil {
		f := rsadecrypt.FingerprintOf(k.Public)
		r.Bits, r.Fingerprint, r.forPeople = k.Public.N.BitLen(), f.Hex(), f.String()
	}
	return r
}

// locationOf returns the location that --hsm takes for a key.
func locationOf(t *hsm.Token, k hsm.KeyInfo) hsm.Location {
	l := t.Location()
	l.Manufacturer, l.Model = "", "" // label and serial number tell tokens apart
	l.Object, l.ID = k.Label, k.ID
	return l
}
