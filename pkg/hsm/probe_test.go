package hsm
import ("testing";"crypto/rsa";"crypto/rand";"crypto/sha256";"crypto";"time")
func fakeHelper(string){}
func probe(t *testing.T, k testToken) {
	m, err := Open(k.options); if err!=nil {t.Fatalf("%v", err)}
	defer m.Close()
	t.Logf("%+v", *m)
	toks, err := m.Tokens()
	for _, x := range toks { t.Logf("%q %x %v", x.Location().String(), x.flags, x.slot); ks, err := x.Keys(); for _, y := range ks { t.Log(y.name(), y.Private, y.Public!=nil, y.AlwaysAuthenticate)}; if err!=nil {t.Log(err)} }
	tok, err := m.Token(k.location); if err!=nil {t.Fatal(err)}
	t.Log(tok.CheckPIN(false))
	t.Log(tok.CheckPublicKey(k.location, k.public))
	s, err := tok.Login(pin(), false); if err!=nil {t.Fatal(err)}
	ks, err := tok.Keys(); for _, y := range ks { t.Log(y.name(), y.Private, y.Public!=nil, y.AlwaysAuthenticate)}
	key, err := s.Key(k.location, k.public); if err!=nil {t.Fatal(err)}
	for _, mode := range []Mode{ModeOAEP, ModeRaw, ModeAuto} {
		d, err := key.SelfTest(mode); 
		t.Log(mode, err)
		if err!=nil {continue}
		t.Log(d.mode, d.refusal)
		c, _ := rsa.EncryptOAEP(sha256.New(), rand.Reader, k.public, []byte("hi"), []byte("label"))
		t0:=time.Now()
		t.Log(d.Decrypt(nil, c, &rsa.OAEPOptions{Hash:crypto.SHA256, Label: []byte("label")}))
		t.Log(time.Since(t0))
		c[9]^=1
		t.Log(d.Decrypt(nil, c, &rsa.OAEPOptions{Hash:crypto.SHA256, Label: []byte("label")}))
	}
	t.Log(s.Generate("x","\x01"))
}
func TestProbeSoft(t *testing.T) { probe(t, softHSM.get(t)) }
func TestProbeNSS(t *testing.T) { probe(t, nss.get(t)) }
