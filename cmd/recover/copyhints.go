package main

import (
	"errors"
	"fmt"

	"recover/pkg/custody"
)

// copyError is what is wrong with a copy of the record.
type copyError struct {
	kind copyFault
	fact string
}

type copyFault int

const (
	copyMissing copyFault = iota
	copyChanged
	copyOtherSet
	copyContradicts
	copiesDiffer
	copyIsCSV
)

func (e *copyError) Error() string { return e.fact }

func copyFaultAt(path string, kind copyFault, format string, args ...any) error {
	return &fileError{path, asRecord, &copyError{kind, fmt.Sprintf(format, args...)}}
}

// copyAdvice is about a copy of the record, or its quorum IDs.
func copyAdvice(err error) advice {
	if fault, ok := errors.AsType[*copyError](err); ok {
		switch fault.kind {
		case copyMissing:
			return advice{"record-copy-missing", "give the record as a file, or a holder's folder that has it; from quorum IDs it is made again: recover record new --shards BUCKET --from FILE --out FILE"}
		case copyChanged:
			return advice{"record-copy-changed", "do not use it: take the copy of another holder or the owner's, and find out who changed this one"}
		case copyOtherSet:
			return advice{"record-copy-of-other-set", "give a folder of the set that the shares are of; to use this record all the same, give it as a file"}
		case copyContradicts:
			return advice{"record-copy-contradicts", "do not use it: somebody may want another key to be taken for yours; give the record that the set was made with as a file"}
		case copiesDiffer:
			return advice{"record-copies-differ", "compare both with the owner's record, or with a third holder's; to go on with one of them, give it as a file"}
		case copyIsCSV:
			return advice{"record-is-csv", "make a JSON record of it: recover record new --from FILE --shards BUCKET --out record.json"}
		}
	}
	if is[*custody.QuorumLineError](err) {
		return advice{"quorum-ids-damaged", "compare it with the paper, or take another holder's copy: all have the same quorum IDs"}
	}
	return about(quorumHints, err)
}

var quorumHints = []given{
	{custody.ErrNoQuorumIDs, advice{"quorum-ids-missing", "give quorum-ids.txt, or the page of a share that was made with the record; IDs that are typed from paper go into a text file, one per line"}},
	{custody.ErrQuorumIDsSealed, advice{"quorum-ids-sealed", "give quorum-ids.txt, which lies next to the sealed share, or the holder's folder"}},
	{custody.ErrQuorumIDsTwice, advice{"quorum-ids-twice", "give one sheet, or one whole series of codes, in a file of its own"}},
	{custody.ErrTooManyQuorums, advice{"quorum-ids-too-many", "keep this record in other places than with the shares"}},
}
