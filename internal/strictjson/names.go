package strictjson

// nameSet holds the names of one object. Nearly all objects have a handful: a
// slice is quicker than a map there, and a hostile object with many names does
// not make it quadratic.
type nameSet struct {
	few  []string
	many map[string]struct{}
}

const few = 24

func (n *nameSet) count() int { return len(n.few) + len(n.many) }

// add reports whether name was not there yet.
func (n *nameSet) add(name string) bool {
	for _, have := range n.few {
		if have == name {
			return false
		}
	}
	if len(n.few) < few {
		n.few = append(n.few, name)
		return true
	}
	if n.many == nil {
		n.many = make(map[string]struct{})
	}
	before := len(n.many)
	n.many[name] = struct{}{}
	return len(n.many) > before
}
