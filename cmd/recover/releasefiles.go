package main

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"recover/internal/checksums"
)

// listOf finds the list of a release, in the directory of a file or in the one
// above it, and the name that the file has there.
func listOf(file string) (list, name string) {
	dir, name := filepath.Split(file)
	dir = filepath.Clean(dir + ".")
	for range 2 {
		list = filepath.Join(dir, checksums.FileName)
		if _, err := os.Stat(list); err == nil {
			return list, name
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", ""
		}
		absolute, err := filepath.Abs(dir)
		if err != nil {
			return "", ""
		}
		name = path.Join(filepath.Base(absolute), name)
		dir = filepath.Join(dir, "..")
	}
	return "", ""
}

// releaseFiles are what is read with a file of a release: with a list, all that
// lies below it; with a program, the list and its signatures, which are looked
// for in the directory.
func releaseFiles(file string) (read, directories []string) {
	if filepath.Base(file) == checksums.FileName {
		return []string{filepath.Dir(file)}, nil
	}
	list, _ := listOf(file)
	if list == "" {
		return nil, nil
	}
	return append(companions(list), list), []string{filepath.Dir(list)}
}

// listInside finds the list of a release in a directory.
func listInside(dir string) (list string, ok bool) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", false
	}
	list = filepath.Join(dir, checksums.FileName)
	_, err := os.Stat(list)
	return list, err == nil
}
