// Package bom passes over the byte order mark that some editors put in front of
// a text in UTF-8.
package bom

import "bytes"

// Mark is the byte order mark in UTF-8.
const Mark = "\xef\xbb\xbf"

// Trim returns text without the mark.
func Trim(text []byte) []byte { return bytes.TrimPrefix(text, []byte(Mark)) }
