package custody_test

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"time"

	"recover/pkg/custody"
	"recover/pkg/rsadecrypt"
)

// Splits a recovery key among three holders, any two of whom bring it back.
func ExampleSplit() {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		fmt.Println(err)
		return
	}
	plan := custody.Plan{Threshold: 2, Holders: []string{"alice", "bob", "carol"}}
	sealed, shares, err := custody.Split(key, plan, time.Now(), custody.Related{})
	if err != nil {
		fmt.Println(err)
		return
	}

	// Each holder keeps a page with the share, and the sealed key.
	page, err := sealed.Page(shares[2], nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	file := sealed.Bytes()

	// On the day, two holders come together.
	again, err := custody.ParseSealedKey(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	carol, err := custody.ParseShare(page.Reveal())
	if err != nil {
		fmt.Println(err)
		return
	}
	set := custody.NewSet(again)
	for _, share := range []*custody.Share{carol, shares[0]} {
		if err := set.Add(share); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: %d more needed\n", again.Holder(share.Index), set.Missing())
	}
	quorum, err := set.Combine()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer quorum.Wipe()
	opened, err := quorum.Open()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rsadecrypt.Wipe(opened)
	fmt.Println("the same key:", opened.Equal(key))
	// Output:
	// carol: 1 more needed
	// alice: 0 more needed
	// the same key: true
}
