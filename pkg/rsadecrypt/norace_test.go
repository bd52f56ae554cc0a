//go:build !race

package rsadecrypt

const underRace = false
