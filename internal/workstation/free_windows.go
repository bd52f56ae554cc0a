package workstation

import "golang.org/x/sys/windows"

const systemRoot = `C:\`

func free(path string) (available uint64, err error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	return available, windows.GetDiskFreeSpaceEx(name, &available, nil, nil)
}
