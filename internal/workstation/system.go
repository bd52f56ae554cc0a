package workstation

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const classNet = "sys/class/net"

// isUp tells whether an interface other than loopback is up (IFF_UP of flags).
func (m *Machine) interfacesUp() (up []string) {
	const iffUp, iffLoopback = 1, 8
	for _, name := range m.names(classNet) {
		text, ok := m.text(path.Join(classNet, name, "flags"))
		flags, err := strconv.ParseUint(strings.TrimPrefix(text, "0x"), 16, 32)
		if ok && err == nil && flags&iffUp != 0 && flags&iffLoopback == 0 {
			up = append(up, name)
		}
	}
	return up
}

func (m *Machine) network(*Subject) []Finding {
	if _, err := fs.ReadDir(m.FS, classNet); err != nil {
		return unseen(classNet)
	}
	var found []Finding
	for _, name := range m.interfacesUp() {
		found = append(found, unfit("pull the cable out, then: ip link set "+name+" down", "the network interface %s is up", name))
	}
	return orFit(found, "no network interface is up")
}

func (m *Machine) routes(*Subject) []Finding {
	var found []Finding
	for file, column := range map[string]int{"proc/net/route": 0, "proc/net/ipv6_route": 9} {
		text, ok := m.text(file)
		if !ok && column == 0 {
			return unseen(file)
		}
		var devices []string
		for line := range strings.Lines(text) {
			fields := strings.Fields(line)
			if len(fields) <= column || fields[0] == "Iface" || fields[column] == "lo" || slices.Contains(devices, fields[column]) {
				continue
			}
			devices = append(devices, fields[column])
		}
		for _, device := range devices {
			found = append(found, unfit("ip route flush dev "+device, "there is a route through %s", device))
		}
	}
	slices.SortFunc(found, func(a, b Finding) int { return strings.Compare(a.Fact, b.Fact) })
	return orFit(slices.Compact(found), "there are no routes to other machines")
}

// radios lists the transmitters of a kind that are not switched off.
func (m *Machine) radios(is func(kind string) bool) (on []string) {
	const dir = "sys/class/rfkill"
	for _, name := range m.names(dir) {
		kind, _ := m.text(path.Join(dir, name, "type"))
		soft, _ := m.text(path.Join(dir, name, "soft"))
		hard, _ := m.text(path.Join(dir, name, "hard"))
		if is(kind) && soft != "1" && hard != "1" {
			on = append(on, kind)
		}
	}
	slices.Sort(on)
	return slices.Compact(on)
}

func (m *Machine) radio(*Subject) []Finding {
	var found []Finding
	for _, kind := range m.radios(func(kind string) bool { return kind != "bluetooth" }) {
		found = append(found, unfit("rfkill block all, or its switch; best, take the module out", "a radio is on: %s", kind))
	}
	return orFit(found, "no radio is on")
}

func (m *Machine) bluetooth(*Subject) []Finding {
	if len(m.radios(func(kind string) bool { return kind == "bluetooth" })) > 0 {
		return []Finding{unfit("rfkill block bluetooth", "bluetooth is on")}
	}
	return fit("bluetooth is off")
}

// swaps lists the places that memory is swapped out to in the clear.
func (m *Machine) swaps() (clear []string, encrypted int, ok bool) {
	text, ok := m.text("proc/swaps")
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] == "Filename" {
			continue
		}
		device := path.Base(fields[0])
		uuid, _ := m.text(path.Join("sys/class/block", device, "dm/uuid"))
		switch {
		case strings.HasPrefix(device, "zram"): // it is memory
		case strings.HasPrefix(uuid, "CRYPT-"):
			encrypted++
		default:
			clear = append(clear, fields[0])
		}
	}
	return clear, encrypted, ok
}

func (m *Machine) swap(*Subject) []Finding {
	places, encrypted, ok := m.swaps()
	if !ok {
		return unseen("proc/swaps")
	}
	var found []Finding
	for _, where := range places {
		found = append(found, unfit("swapoff -a", "memory is swapped out to %s, which is not encrypted", where))
	}
	if encrypted > 0 {
		return orFit(found, "what is swapped out is encrypted")
	}
	return orFit(found, "nothing is swapped out")
}

func (m *Machine) hibernation(*Subject) []Finding {
	state, _ := m.text("sys/power/state")
	mode, _ := m.text("sys/power/disk")
	places, encrypted, _ := m.swaps()
	if slices.Contains(strings.Fields(state), "disk") && !strings.Contains(mode, "[disabled]") && len(places)+encrypted > 0 {
		return []Finding{doubtful("swapoff -a, and do not close the lid", "the machine can hibernate: all memory is written to the disk then")}
	}
	return fit("the machine cannot hibernate")
}

func (m *Machine) coreDumps(*Subject) []Finding {
	const file = "proc/sys/kernel/core_pattern"
	pattern, ok := m.text(file)
	switch {
	case !ok:
		return unseen(file)
	case strings.HasPrefix(pattern, "|"):
		return []Finding{doubtful("sysctl kernel.core_pattern=core", "a program collects what crashed programs had in memory; this one leaves nothing to it")}
	}
	return fit("no program collects the memory of crashed programs")
}

func (m *Machine) ptrace(*Subject) []Finding {
	scope, ok := m.text("proc/sys/kernel/yama/ptrace_scope")
	if !ok || scope == "0" {
		return []Finding{doubtful("sysctl kernel.yama.ptrace_scope=2", "processes of one user may look into each other; this program does not let them")}
	}
	return fit("processes may not look into each other")
}

// process is one that runs.
type process struct {
	name        string
	uid         int
	hasTerminal bool
}

// processes reads what /proc says of them.
func (m *Machine) processes() map[int]process {
	all := make(map[int]process)
	for _, name := range m.names("proc") {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		status, ok := m.text(path.Join("proc", name, "status"))
		if !ok {
			continue // it has ended
		}
		p := process{uid: -1}
		for line := range strings.Lines(status) {
			key, value, _ := strings.Cut(line, ":")
			fields := strings.Fields(value)
			if len(fields) == 0 {
				continue
			}
			switch key {
			case "Name":
				p.name = strings.TrimSpace(value)
			case "Uid":
				p.uid, _ = strconv.Atoi(fields[0])
			}
		}
		// The fields after the name, which may hold blanks: state, parent, group,
		// session, terminal.
		stat, _ := m.text(path.Join("proc", name, "stat"))
		if fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:]); len(fields) > 4 {
			p.hasTerminal = fields[4] != "0"
		}
		all[pid] = p
	}
	return all
}

func (m *Machine) users(*Subject) []Finding {
	var ids []int
	for _, p := range m.processes() {
		if p.hasTerminal && p.uid != m.UID && p.uid >= 1000 && p.uid != 65534 && !slices.Contains(ids, p.uid) {
			ids = append(ids, p.uid)
		}
	}
	slices.Sort(ids)
	var found []Finding
	for _, id := range ids {
		found = append(found, unfit("have them log out", "another user is logged in: %s", m.userName(id)))
	}
	return orFit(found, "no other user is logged in")
}

func (m *Machine) userName(id int) string {
	passwd, _ := m.text("etc/passwd")
	for line := range strings.Lines(passwd) {
		if fields := strings.Split(line, ":"); len(fields) > 3 && fields[2] == strconv.Itoa(id) {
			return fields[0]
		}
	}
	return "number " + strconv.Itoa(id)
}

func (m *Machine) root(*Subject) []Finding {
	if m.UID == 0 {
		return []Finding{doubtful("start it as an ordinary user: it needs no rights", "the program runs as root")}
	}
	return fit("the program runs as an ordinary user")
}

var (
	vendors    = regexp.MustCompile(`(?i)qemu|kvm|vmware|virtualbox|innotek|xen|parallels|bochs|bhyve|amazon ec2|google compute|openstack|virtual machine|apple virtualization`)
	hypervised = regexp.MustCompile(`(?m)^flags\s*:.*\bhypervisor\b`)
)

func (m *Machine) virtual(*Subject) []Finding {
	const todo = "use a machine of your own, without a layer below that sees all of its memory"
	for file, kind := range map[string]string{".dockerenv": "Docker", "run/.containerenv": "Podman", "proc/vz": "OpenVZ"} {
		if _, err := fs.Stat(m.FS, file); err == nil {
			return []Finding{unfit(todo, "this is a container (%s)", kind)}
		}
	}
	for _, file := range []string{"sys_vendor", "product_name", "board_vendor"} {
		if text, _ := m.text("sys/class/dmi/id/" + file); vendors.MatchString(text) {
			return []Finding{unfit(todo, "this is a virtual machine (%s)", text)}
		}
	}
	cpu, ok := m.text("proc/cpuinfo")
	switch {
	case !ok:
		return unseen("proc/cpuinfo")
	case hypervised.MatchString(cpu):
		return []Finding{unfit(todo, "this is a virtual machine: the processor says so")}
	}
	return fit("no virtual machine and no container is seen")
}

// sharing are programs that show the screen to others, or let them type.
var sharing = []string{
	"sshd-session", "x11vnc", "Xvnc", "x0vncserver", "vncserver", "krfb", "vino-server", "wayvnc", "gnome-remote-de",
	"xrdp", "xrdp-sesman", "anydesk", "teamviewerd", "TeamViewer", "rustdesk", "mosh-server", "ttyd", "gotty", "tmate", "dropbear", "in.telnetd",
}

func (m *Machine) remote(*Subject) []Finding {
	var found []Finding
	for _, name := range []string{"SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT", "XRDP_SESSION"} {
		if m.variable(name) != "" {
			found = append(found, unfit("sit down at the machine itself", "this is a remote session: %s is set", name))
			break
		}
	}
	var seen []string
	for _, p := range m.processes() {
		if slices.Contains(sharing, p.name) && !slices.Contains(seen, p.name) {
			seen = append(seen, p.name)
		}
	}
	slices.Sort(seen)
	for _, name := range seen {
		found = append(found, unfit("end it: others may see the screen, or type", "the program %s runs", name))
	}
	for _, name := range []string{"TMUX", "STY"} {
		if m.variable(name) != "" {
			found = append(found, doubtful("start the program outside of it", "a terminal multiplexer keeps what is shown: %s is set", name))
		}
	}
	return orFit(found, "no remote session and no shared screen is seen")
}

func (m *Machine) entropy(*Subject) []Finding {
	const file = "proc/sys/kernel/random/entropy_avail"
	text, ok := m.text(file)
	bits, err := strconv.Atoi(text)
	switch {
	case !ok || err != nil:
		return unseen(file)
	case bits < 128:
		return []Finding{unfit("type and move the mouse until there are 128", "the system has %d bits of randomness", bits)}
	}
	return fit("the system has randomness")
}
