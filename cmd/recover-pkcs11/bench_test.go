//go:build cgo && linux

package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/miekg/pkcs11"
)

// BenchmarkDecrypt compares OAEP decryptions through the helper with the
// token's own raw operations in this process. Both with SoftHSM and RSA-4096,
// in one session and in two at a time.
func BenchmarkDecrypt(b *testing.B) {
	softHSM(b)
	s := openSession(b)
	_, private := s.generate(b, 4096, false)
	for _, sessions := range []int{1, 2} {
		b.Run(fmt.Sprintf("token alone/sessions=%d", sessions), func(b *testing.B) {
			nothing := func() error { return nil }
			ciphertext := make([]byte, 512)
			_, _ = rand.Read(ciphertext[1:])
			inParallel(b, sessions, func(i int) error {
				_, err := decrypt(s.context, s.sessions[i], private, pkcs11.CKM_RSA_X_509, nil, nothing, ciphertext)
				return err
			})
		})
		b.Run(fmt.Sprintf("helper/sessions=%d", sessions), func(b *testing.B) {
			d := openDecrypter(b, sessions)
			options := &rsa.OAEPOptions{Hash: crypto.SHA256, Label: []byte("label")}
			ciphertext, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, d.Public().(*rsa.PublicKey), make([]byte, 32), options.Label)
			if err != nil {
				b.Fatal(err)
			}
			inParallel(b, sessions, func(int) error {
				_, err := d.Decrypt(nil, ciphertext, options)
				return err
			})
		})
	}
}

// inParallel does b.N operations, n at a time, each in its own goroutine.
func inParallel(b *testing.B, n int, operation func(i int) error) {
	todo := make(chan struct{}, b.N)
	for range b.N {
		todo <- struct{}{}
	}
	close(todo)
	done := make(chan error)
	b.ResetTimer()
	for i := range n {
		go func() {
			var err error
			for range todo {
				if err == nil {
					err = operation(i)
				}
			}
			done <- err
		}()
	}
	for range n {
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
}
