// Package pgpwords writes bytes as English words, to be read aloud: the list that
// was made for comparing the fingerprints of PGP keys by telephone (Zimmermann and
// Juola, 1995). Words of even and of odd places are of two lists, with two and
// three syllables, so that a word left out, said twice or exchanged is heard.
package pgpwords

import (
	_ "embed"
	"strings"
)

// list has a line for each byte: the word at even places, and that at odd ones.
//
//go:embed words.txt
var list string

// Words returns a word for each byte.
func Words(b []byte) []string {
	all := strings.Fields(list)
	words := make([]string, len(b))
	for i, v := range b {
		words[i] = all[2*int(v)+i%2]
	}
	return words
}
