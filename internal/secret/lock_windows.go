package secret

func lock([]byte) {}

func unlock([]byte) {}
