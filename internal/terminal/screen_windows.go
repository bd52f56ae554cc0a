package terminal

import "os"

// openScreen opens the console. It echoes only what is read from it.
func openScreen() (out *os.File, restore func(), err error) {
	f, err := os.OpenFile("CONOUT$", os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	if !interpretEscapes(f) {
		f.Close()
		return nil, nil, ErrNoTerminal
	}
	return f, func() {}, nil
}
