//go:build !linux

package workstation

import "errors"

func confine(Fence) []*GapError {
	return []*GapError{noSeccomp(errors.ErrUnsupported), noLandlock(errors.ErrUnsupported)}
}
