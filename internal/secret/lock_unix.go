//go:build unix

package secret

import (
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// locked counts the secrets in each page of memory: the system knows pages only,
// and locks one once, however often it is asked.
var (
	lockedMu sync.Mutex
	locked   = make(map[uintptr]int)
	pageSize = uintptr(unix.Getpagesize())
)

// lock keeps the pages of b in memory, each of them if it can.
func lock(b []byte) {
	lockedMu.Lock()
	defer lockedMu.Unlock()
	for _, page := range pagesOf(b) {
		if locked[page] > 0 || unix.Mlock(bytesAt(b, page)) == nil {
			locked[page]++
		}
	}
}

func unlock(b []byte) {
	lockedMu.Lock()
	defer lockedMu.Unlock()
	for _, page := range pagesOf(b) {
		switch locked[page] {
		case 0: // it could not be locked
		case 1:
			delete(locked, page)
			_ = unix.Munlock(bytesAt(b, page))
		default:
			locked[page]--
		}
	}
}

// pagesOf returns the pages that b lies in.
func pagesOf(b []byte) (pages []uintptr) {
	if len(b) == 0 {
		return nil
	}
	first := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	for page := first &^ (pageSize - 1); page < first+uintptr(len(b)); page += pageSize {
		pages = append(pages, page)
	}
	return pages
}

// bytesAt returns the part of b that lies in a page. The system rounds to whole
// pages.
func bytesAt(b []byte, page uintptr) []byte {
	first := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	from, to := max(page, first)-first, min(page+pageSize-first, uintptr(len(b)))
	return b[from:to]
}
