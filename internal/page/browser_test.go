//go:build html

package page

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// These tests open the page in a headless Chromium: make test-html.

func chromium(t *testing.T, args ...string) string {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Fatal("Chromium is not installed")
	}
	args = append([]string{
		"--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir=" + t.TempDir(), "--virtual-time-budget=2000",
	}, args...)
	if os.Geteuid() == 0 {
		args = append([]string{"--no-sandbox"}, args...)
	}
	cmd := exec.Command(program, args...)
	defer time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() }).Stop()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("Chromium: %v", err)
	}
	return string(out)
}

// open writes the page, followed by a script of the test that the policy lets
// run, and returns the document as it is after both ran.
func open(t *testing.T, p *Page, test string) string {
	t.Helper()
	text := render(t, p)
	text = strings.Replace(text, "script-src ", "script-src &#39;"+sourceHash(test)+"&#39; ", 1)
	text = strings.Replace(text, "</body>", "<script>"+test+"</script></body>", 1)
	path := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return chromium(t, "--dump-dom", "file://"+path)
}

func TestBrowserSortsAndFilters(t *testing.T) {
	const test = `
		const names = () => [...document.querySelectorAll("#keys tbody tr:not([hidden])")].map(r => r.cells[1].textContent.slice(0, 6).trim()).join(",");
		const seen = [names()];
		const header = document.querySelectorAll("#keys th button")[1];
		header.click(); seen.push(names());
		header.click(); seen.push(names());
		filter.value = "ALP"; filter.dispatchEvent(new Event("input")); seen.push(names());
		filter.value = ""; filter.dispatchEvent(new Event("input"));
		document.getElementById("status").value = "ok"; document.getElementById("status").dispatchEvent(new Event("change")); seen.push(names(), shown.value);
		document.title = seen.join("|");`
	p := hostile()
	p.Rows[0].Name = "zebra"
	dom := open(t, p, test)
	if want := "<title>zebra,alpaca|alpaca,zebra|zebra,alpaca|alpaca|zebra|1 of 2 shown</title>"; !strings.Contains(dom, want) {
		t.Errorf("the title is not %s:\n%.300s", want, dom)
	}
}

// TestBrowserRunsNothingElse: markup of a file does not run, and would not even
// where it got into the page.
func TestBrowserRunsNothingElse(t *testing.T) {
	dom := open(t, hostile(), `document.body.insertAdjacentHTML("beforeend", "<img src=x onerror=\"document.title='run'\"><p id=p style='color:red'>x</p>");
		const p = document.getElementById("p"); document.body.append(getComputedStyle(p).color === "rgb(255, 0, 0)" ? "STY" + "LED" : "PL" + "AIN");`)
	if !strings.Contains(dom, "<title>Report</title>") {
		t.Errorf("something ran: %.300s", dom)
	}
	if strings.Contains(dom, "STYLED") || !strings.Contains(dom, "PLAIN") {
		t.Error("an inline style is let in")
	}
}

// TestBrowserFits: nothing sticks out at the width of a phone, nor at that of a
// desktop; the status and the texts are there in both.
func TestBrowserFits(t *testing.T) {
	p := hostile()
	p.Rows[0].Address = strings.Repeat("a", 90)
	p.Rows[1].Detail = strings.Repeat("0123456789abcdef", 20)
	// A window of Chromium is never narrower than 500 pixels; a frame is.
	for _, width := range []string{"360", "1280"} {
		path := filepath.Join(t.TempDir(), "page.html")
		if err := os.WriteFile(path, []byte(render(t, p)), 0o600); err != nil {
			t.Fatal(err)
		}
		frame := filepath.Join(filepath.Dir(path), "frame.html")
		text := `<!DOCTYPE html><iframe id=f src=page.html width=` + width + ` height=800></iframe><script>
			onload = () => { const d = document.getElementById("f").contentDocument.documentElement; document.title = d.scrollWidth <= d.clientWidth ? "fits" : "sticks out by " + (d.scrollWidth - d.clientWidth); };</script>`
		if err := os.WriteFile(frame, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if dom := chromium(t, "--allow-file-access-from-files", "--window-size=1400,900", "--dump-dom", "file://"+frame); !strings.Contains(dom, "<title>fits</title>") {
			t.Errorf("at %s pixels: %.200s", width, dom)
		}
	}
}

// printed prints the page to PDF and counts the sheets.
func printed(t *testing.T, p *Page) int {
	t.Helper()
	dir := t.TempDir()
	path, pdf := filepath.Join(dir, "page.html"), filepath.Join(dir, "page.pdf")
	if err := os.WriteFile(path, []byte(render(t, p)), 0o600); err != nil {
		t.Fatal(err)
	}
	chromium(t, "--no-pdf-header-footer", "--print-to-pdf="+pdf, "file://"+path)
	text, err := os.ReadFile(pdf)
	if err != nil {
		t.Fatal(err)
	}
	return len(regexp.MustCompile(`/Type\s*/Page\b[^s]`).FindAll(text, -1))
}

// many is a page of n keys, as verify writes it, of which bad ones failed.
func many(n, bad int) *Page {
	p := &Page{
		Title: "Verification of the backups", Verdict: "All keys can be rebuilt", OK: bad == 0, Meaning: strings.Repeat("What that means. ", 14),
		Counts: []Count{{"ok", n - bad}, {"failed", bad}},
		Notes:  []string{"The newest backup is of 24 November 2026: 1 day old."},
	}
	for _, name := range []string{"Done", "Took", "Record", "SHA-256 of the record", "Environment", "Download of the bucket", "Recovery key", "Program", "SHA-256 of the program"} {
		p.Facts = append(p.Facts, Fact{name, strings.Repeat("0123 4567 ", 8)})
	}
	for i := range n {
		r := Row{
			Status: "ok", Name: "treasury of the northern branch", KeyID: "a0000000-0000-4000-8000-000000000001", QuorumID: "10000000-0000-4000-8000-000000000001",
			Algorithm: "SECP256K1", Address: "ethereum 0x95AD38e2fF7a9Ff63261c7DF9d69335cE4bd7A7c",
		}
		if i%2 == 1 {
			r.Algorithm, r.Address = "ED25519", "solana 6nCzm372Moe2H2qcQrXRKtEb9Kx8hFV7AME8twCRV9n8"
		}
		if i < bad {
			r.Status, r.Reason, r.Detail = "failed", "wrong-ids", "the quorum ID or the key ID in the record does not belong to this backup (none of its 120 opened ciphertexts fits them and its recovery key)"
			r.Next = "look for mistyped IDs"
		}
		p.Rows = append(p.Rows, r)
	}
	return p
}

// TestBrowserPrints: on paper the keys are a table, and few sheets are enough for
// what a company has.
func TestBrowserPrints(t *testing.T) {
	for _, c := range []struct{ keys, bad, sheets int }{{4, 0, 1}, {4, 1, 1}, {300, 2, 15}} {
		if n := printed(t, many(c.keys, c.bad)); n < 1 || n > c.sheets {
			t.Errorf("%d keys, %d of them bad: %d sheets, want %d at the most", c.keys, c.bad, n, c.sheets)
		} else {
			t.Logf("%d keys: %d sheets", c.keys, n)
		}
	}
}
