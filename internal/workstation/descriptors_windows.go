package workstation

func closeInherited(func(int) Keep) {} // a program on Windows inherits what is named only
