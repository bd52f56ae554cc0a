//go:build !linux

package seccomp

import "errors"

func program() error { return errors.ErrUnsupported }

func helper(bool) error { return errors.ErrUnsupported }
