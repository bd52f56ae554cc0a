package base64run

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"testing"
)

// same holds AppendDecode to encoding/base64, to the last byte and error.
func same(t *testing.T, prefix, src []byte) {
	t.Helper()
	got, gotErr := AppendDecode(bytes.Clone(prefix), src)
	want, wantErr := base64.StdEncoding.AppendDecode(bytes.Clone(prefix), src)
	if !bytes.Equal(got, want) {
		t.Errorf("%q decodes to %x, with encoding/base64 to %x", src, got, want)
	}
	if gotErr != wantErr {
		t.Errorf("%q: error %v, of encoding/base64 %v", src, gotErr, wantErr)
	}
}

func FuzzAppendDecode(f *testing.F) {
	f.Add([]byte("before"), []byte("AAAAAAAA////////+/+/+/+/abcd"))
	f.Add([]byte{}, []byte("AAAAAAAAAAAAAAA="))
	f.Add([]byte{}, []byte("AAAAAAAAAAAAAA==AAAAAAAA"))
	f.Add([]byte{}, []byte("AAAAAAAA\r\nAAAAAAAAAAAAAAAA"))
	f.Add([]byte{}, []byte("AAAAAAAAAAAAAAAAA_AAAAAAAAAAAAA"))
	f.Add([]byte{}, []byte("AAAAAAAA\x00AAAAAAAAAAAAAA\xffA"))
	f.Fuzz(func(t *testing.T, prefix, src []byte) { same(t, prefix, src) })
}

// TestEveryCharacter puts every byte at every place of texts that are longer and
// shorter than what is decoded at once.
func TestEveryCharacter(t *testing.T) {
	for _, n := range []int{8, 12, 32, 36, 100} {
		for place := range n {
			for c := range 256 {
				src := bytes.Repeat([]byte("k"), n)
				src[place] = byte(c)
				same(t, nil, src)
			}
		}
	}
}

func TestEveryLength(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 300 {
		plain := make([]byte, n)
		for i := range plain {
			plain[i] = byte(r.Uint32())
		}
		text := []byte(base64.StdEncoding.EncodeToString(plain))
		same(t, nil, text)
		same(t, []byte("prefix"), text)
		same(t, nil, text[:len(text)/2])
		if got, err := AppendDecode(make([]byte, 0, 1000), text); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes: %x, %v", n, got, err)
		}
	}
}

// TestBufferIsKept makes sure that nothing is written but in the part of the
// buffer that what is decoded may take.
func TestBufferIsKept(t *testing.T) {
	text := []byte(base64.StdEncoding.EncodeToString(make([]byte, 24)))
	buffer := bytes.Repeat([]byte{0xee}, 64)
	got, err := AppendDecode(buffer[:3:3+base64.StdEncoding.DecodedLen(len(text))], text)
	if err != nil || len(got) != 27 || &got[0] != &buffer[0] {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if !bytes.Equal(buffer[:3], []byte{0xee, 0xee, 0xee}) || !bytes.Equal(buffer[27:], bytes.Repeat([]byte{0xee}, 37)) {
		t.Errorf("written beside: %x", buffer)
	}
}

func BenchmarkAppendDecode(b *testing.B) {
	text := []byte(base64.StdEncoding.EncodeToString(make([]byte, 250<<10)))
	for i := range text[:len(text)-4] {
		text[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[rand.IntN(64)]
	}
	buffer := make([]byte, 0, 256<<10)
	for name, decode := range map[string]func(dst, src []byte) ([]byte, error){
		"run": AppendDecode, "encoding-base64": base64.StdEncoding.AppendDecode,
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := decode(buffer, text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
