//go:build race

package rsadecrypt

const underRace = true
