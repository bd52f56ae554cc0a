package hsm

import (
	"errors"
	"strings"
	"testing"
)

func TestParseLocation(t *testing.T) {
	for in, want := range map[string]Location{
		"pkcs11:": {},
		"pkcs11:token=HSM;serial=DENK0100;object=vault-key;id=%A1%b2?module-path=/usr/lib/x.so": {
			Token: "HSM", Serial: "DENK0100", Object: "vault-key", ID: "\xa1\xb2", Module: "/usr/lib/x.so",
		},
		"pkcs11:id=a1b2;type=private":           {ID: "a1b2"},
		"pkcs11:?module-path=/a%20b.so":         {Module: "/a b.so"},
		"pkcs11:model=a%3Bb;manufacturer=A=B&C": {Model: "a;b", Manufacturer: "A=B&C"},
		"pkcs11:token=M%C3%BCnze;object=%00%FF": {Token: "Münze", Object: "\x00\xff"},
	} {
		got, err := ParseLocation(in)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
		if again, err := ParseLocation(got.String()); err != nil || again != got {
			t.Errorf("%s: printed as %s, read as %+v, %v", in, got, again, err)
		}
	}
	const text = "pkcs11:token=a%3Bb%20c;serial=1;object=vault-key;id=%61%31?module-path=/usr/lib/a%3Fb.so"
	if l, err := ParseLocation(text); err != nil || l.String() != text {
		t.Errorf("printed as %s, want %s (%v)", l, text, err)
	}
}

func TestParseLocationRefuses(t *testing.T) {
	long := strings.Repeat("x", 33)
	for in, want := range map[string]struct {
		err  error
		text string
	}{
		"":                                      {ErrScheme, `a location begins with "pkcs11:"`},
		"PKCS11:token=a":                        {ErrScheme, `a location begins with "pkcs11:"`},
		"/usr/lib/x.so":                         {ErrScheme, `a location begins with "pkcs11:"`},
		"pkcs11:token=a;token=a":                {ErrRepeated, `attribute "token": given twice`},
		"pkcs11:type=private;type=x":            {ErrRepeated, `attribute "type": given twice`},
		"pkcs11:?module-path=/a&module-path=/b": {ErrRepeated, `attribute "module-path": given twice`},
		"pkcs11:slot-id=1":                      {ErrUnknown, `attribute "slot-id": not one of the attributes that are used here`},
		"pkcs11:Token=a":                        {ErrUnknown, `attribute "Token": not one of the attributes that are used here`},
		"pkcs11:module-path=a":                  {ErrUnknown, `attribute "module-path": not one of the attributes that are used here`},
		"pkcs11:?token=a":                       {ErrUnknown, `attribute "token": not one of the attributes that are used here`},
		"pkcs11:?type=private":                  {ErrUnknown, `attribute "type": not one of the attributes that are used here`},
		"pkcs11:type=cert":                      {ErrType, `attribute "type": only type=private is used here`},
		"pkcs11:token=":                         {ErrEmpty, `attribute "token": without a value`},
		"pkcs11:token=" + long:                  {ErrLength, `attribute "token": too long`},
		"pkcs11:serial=" + long[:17]:            {ErrLength, `attribute "serial": too long`},
		"pkcs11:token":                          {ErrAttribute, `not a name=value with characters that RFC 7512 allows`},
		"pkcs11:token=a;":                       {ErrAttribute, `not a name=value with characters that RFC 7512 allows`},
		"pkcs11:token=a?":                       {ErrAttribute, `not a name=value with characters that RFC 7512 allows`},
		"pkcs11:token=a b":                      {ErrAttribute, `attribute "token": not a name=value with characters that RFC 7512 allows`},
		"pkcs11:token=ü":                        {ErrAttribute, `attribute "token": not a name=value with characters that RFC 7512 allows`},
		"pkcs11:token=a/b":                      {ErrAttribute, `attribute "token": not a name=value with characters that RFC 7512 allows`},
		"pkcs11:id=%4":                          {ErrAttribute, `attribute "id": not a name=value with characters that RFC 7512 allows`},
		"pkcs11:id=%":                           {ErrAttribute, `attribute "id": not a name=value with characters that RFC 7512 allows`},
		"pkcs11:id=%+1":                         {ErrAttribute, `attribute "id": not a name=value with characters that RFC 7512 allows`},
		"pkcs11:?module-path=x.so":              {ErrRelative, `attribute "module-path": not an absolute path`},
		"pkcs11:?module-path=/x%00.so":          {ErrAttribute, `attribute "module-path": not a name=value with characters that RFC 7512 allows`},
		"pkcs11:token=" + strings.Repeat("%41", 4000): {ErrLength, "too long"},
	} {
		l, err := ParseLocation(in)
		var e *LocationError
		if !errors.Is(err, want.err) || !errors.As(err, &e) || err.Error() != "PKCS#11 location: "+want.text || l != (Location{}) {
			t.Errorf("%.60s: %+v, %v; want %s", in, l, err, want.text)
		}
	}
}

func TestPINInLocation(t *testing.T) {
	for _, in := range []string{
		"pkcs11:token=a?pin-value=canary",
		"pkcs11:token=a?pin-value=can;ary&x=y",
		"pkcs11:pin-value=can;canary",
		"pkcs11:token=a?pin-source=file:/canary",
		"pkcs11:token=a;pin-value=canary",
	} {
		if _, err := ParseLocation(in); !errors.Is(err, ErrPIN) || strings.Contains(err.Error(), "can") {
			t.Errorf("%s: %v", in, err)
		}
	}
}

func TestHexID(t *testing.T) {
	for id, want := range map[string]string{"a1b2": "%A1%B2", "A1B2": "%A1%B2", "a1b": "", "\xa1\xb2": "", "": "", "key": "",
		"a1:b2": "%A1%B2", "A1 B2": "%A1%B2", "a1-b2": "%A1%B2", "0xa1b2": "%A1%B2", "\xa1b2": "%A1%B2", "\xa1b2c": "", "\xa1:b2:01": "%A1%B2%01", ":": ""} {
		if got := (Location{ID: id}).hexID(); got != want {
			t.Errorf("ID %q: %q, want %q", id, got, want)
		}
	}
}

// FuzzParseLocation checks that a location that is read is the same after it is
// printed, and that it holds nothing that a terminal could be fooled with.
func FuzzParseLocation(f *testing.F) {
	f.Add("pkcs11:token=HSM;serial=DENK0100;object=vault-key;id=%A1%b2?module-path=/usr/lib/x.so")
	f.Add("pkcs11:manufacturer=a&b;model=%00;type=private")
	f.Add("pkcs11:token=a;token=b?pin-value=1234&module-path=x")
	f.Fuzz(func(t *testing.T, in string) {
		l, err := ParseLocation(in)
		if err != nil {
			var e *LocationError
			if !errors.As(err, &e) {
				t.Fatalf("%q: %v", in, err)
			}
			return
		}
		text := l.String()
		if strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) >= 0 {
			t.Errorf("%q is printed as %q", in, text)
		}
		if again, err := ParseLocation(text); err != nil || again != l {
			t.Errorf("%q is printed as %q, which is read as %+v, %v", in, text, again, err)
		}
	})
}

func TestEncoded(t *testing.T) {
	for s, want := range map[string]string{
		"pkcs11:token=My Token;object=Schlüssel":                          "pkcs11:token=My%20Token;object=Schl%C3%BCssel",
		"pkcs11:token=My%20Token;object=a b#?module-path=/usr/lib/a b.so": "pkcs11:token=My%20Token;object=a%20b%23?module-path=/usr/lib/a%20b.so",
		"pkcs11:token=50% off":                                            "pkcs11:token=50%25%20off",
		"pkcs11:token=a/b c":                                              "pkcs11:token=a%2Fb%20c",
		"pkcs11:token=a b?pin-value=1234":                                 "",
		"pkcs11:token=a b;pin-value=1234":                                 "",
		"pkcs11:token=a b;color=red":                                      "",
		"token=a b":                                                       "",
		"pkcs11:token=" + strings.Repeat("ü", 17):                         "",
	} {
		if got := Encoded(s); got != want {
			t.Errorf("%s: %q, want %q", s, got, want)
		}
	}
}
