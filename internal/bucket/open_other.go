//go:build !unix

package bucket

const nonBlock = 0
