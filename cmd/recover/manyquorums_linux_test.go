package main

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"recover/internal/uuid"
	"recover/pkg/record"
)

func numberedID(i int) (id uuid.ID) {
	id[0] = 1
	binary.BigEndian.PutUint64(id[8:], uint64(i))
	return id
}

// TestListWithManyQuorums: a list with a quorum for every wallet, and a kit for every quorum,
// takes a time that grows with their number, not with its square: for eight times as many,
// ten to twenty times as long (memory that is no longer near), and not 64 times.
func TestListWithManyQuorums(t *testing.T) {
	t.Parallel()
	var few time.Duration
	for range 3 {
		few += timeOfQuorums(t, 25_000)
	}
	many := timeOfQuorums(t, 200_000)
	t.Logf("%v, %v", few, many)
	if many > 12*few {
		t.Errorf("200,000 quorums took %v, and three times 25,000 of them %v", many, few)
	}
}

// timeOfQuorums returns the processor's time that a list of n quorums takes: what else the
// machine does meanwhile is not in it.
func timeOfQuorums(t *testing.T, n int) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	v := &serviceReview{known: new(known)}
	begun := timeOfThread(t)
	for i := range n {
		id, kit := numberedID(i), fmt.Sprint("kit ", i)
		v.known.addQuorum(id)
		v.known.addQuorum(id)
		v.known.serviceQuorums = append(v.known.serviceQuorums, record.Quorum{ID: id, Kit: kit})
		v.known.kits = append(v.known.kits, record.Kit{ID: kit})
		v.known.wallets = append(v.known.wallets, record.Wallet{QuorumID: id, Address: kit})
	}
	v.index()
	for i := range v.known.wallets {
		if line := v.withoutBackup(&v.known.wallets[i]); line.Reason != reasonNoBackup {
			t.Fatalf("%+v", line)
		}
	}
	if kits := v.kitsInUse(); len(kits) != n || len(v.known.quorums) != n || len(v.known.isQuorum) != n {
		t.Errorf("%d kits, %d quorums", len(kits), len(v.known.quorums))
	}
	v.warnOfQuorums() // it has nothing to say
	return timeOfThread(t) - begun
}

// timeOfThread is how long a processor has worked for the thread.
func timeOfThread(t *testing.T) time.Duration {
	t.Helper()
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
