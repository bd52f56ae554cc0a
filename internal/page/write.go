package page

import (
	"html"
	"io"
	"strconv"
	"strings"
)

// The page is written piece by piece. html/template would do it too, but it
// looks methods up by their names, so that a program with it keeps every method
// of every type that it has: those for sockets among them.

// Write writes the page. The error is one of w.
func Write(w io.Writer, p *Page) error {
	h := new(writer)
	h.head(p)
	h.markup("<main>\n")
	h.notes(p.Notes)
	h.attention(p.Attention())
	h.steps(p.Steps)
	h.keys(p)
	h.facts(p.Facts)
	h.signatures()
	h.markup("</main>\n<script>" + script + "</script>\n</body>\n</html>\n")
	_, err := io.WriteString(w, h.text.String())
	return err
}

// writer collects the page. What it is given by text is escaped.
type writer struct{ text strings.Builder }

// markup writes what is HTML already: only constants of this package.
func (h *writer) markup(s string) { h.text.WriteString(s) }

// escaped writes a text, in an element or in a quoted attribute.
func (h *writer) escaped(s string) { h.text.WriteString(html.EscapeString(s)) }

// element writes <open>text</name>, where open is the name with constant
// attributes.
func (h *writer) element(open, text string) {
	name, _, _ := strings.Cut(open, " ")
	h.markup("<" + open + ">")
	h.escaped(text)
	h.markup("</" + name + ">")
}

// optional writes an element between before and after, unless it is empty.
func (h *writer) optional(before, open, text, after string) {
	if text == "" {
		return
	}
	h.markup(before)
	h.element(open, text)
	h.markup(after)
}

// status writes a status as a badge.
func (h *writer) status(status string) {
	h.markup(`<span class="status s-`)
	h.escaped(status)
	h.markup(`">`)
	h.escaped(status)
	h.markup("</span>")
}

// Mark is what the page of a verb begins with, and no other page.
func Mark(verb string) string {
	return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"generator\" content=\"recover " +
		html.EscapeString(verb) + "\">\n"
}

func (h *writer) head(p *Page) {
	h.markup(Mark(p.Verb))
	h.markup("<meta http-equiv=\"Content-Security-Policy\" content=\"")
	h.escaped(policy)
	h.markup("\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n" +
		"<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"color-scheme\" content=\"light dark\">\n")
	h.element("title", p.Title)
	h.markup("\n<style>" + style + "</style>\n</head>\n<body>\n<header>\n")
	h.element(`p class="kind"`, p.Title)
	verdict := `h1 class="bad"`
	if p.OK {
		verdict = `h1 class="good"`
	}
	h.element(verdict, p.Verdict)
	h.element("p", p.Meaning)
	h.markup("\n<ul class=\"counts\">\n")
	for _, c := range p.Counts {
		h.markup(`<li class="s-`)
		h.escaped(c.Status)
		h.markup(`">`)
		h.element("b", strconv.Itoa(c.N))
		h.markup(" ")
		h.escaped(c.Status)
		h.markup("</li>\n")
	}
	h.markup("</ul>\n</header>\n")
}

func (h *writer) notes(notes []string) {
	if len(notes) == 0 {
		return
	}
	h.markup("<section>\n<h2>Notes</h2>\n<ul>\n")
	for _, n := range notes {
		h.element("li", n)
	}
	h.markup("</ul>\n</section>\n")
}

func (h *writer) attention(rows []Row) {
	if len(rows) == 0 {
		return
	}
	h.markup("<section id=\"attention\">\n<h2>What needs attention</h2>\n<ol>\n")
	for _, r := range rows {
		h.markup("<li><p>")
		h.status(r.Status)
		h.optional(" ", "b", r.Name, "")
		h.markup(" ")
		h.element("code", r.KeyID)
		h.markup("</p>\n<p>")
		h.element("code", r.Reason)
		h.markup(": ")
		h.escaped(r.Detail)
		h.markup("</p>\n")
		if r.Next != "" {
			h.markup(`<p class="next"><b>Next:</b> `)
			h.escaped(r.Next)
			h.markup("</p>")
		}
		h.markup("</li>\n")
	}
	h.markup("</ol>\n</section>\n")
}

func (h *writer) steps(steps []Step) {
	if len(steps) == 0 {
		return
	}
	h.markup("<section>\n<h2>Steps</h2>\n<table class=\"steps\">\n")
	h.columns("Step", "Took", "Result")
	for _, s := range steps {
		h.markup("<tr>")
		h.element("td", s.Name)
		h.element("td", s.Took)
		h.element("td", s.Result)
		h.markup("</tr>\n")
	}
	h.markup("</tbody>\n</table>\n</section>\n")
}

func (h *writer) columns(names ...string) {
	h.markup("<thead><tr>")
	for _, n := range names {
		h.element(`th scope="col"`, n)
	}
	h.markup("</tr></thead>\n<tbody>\n")
}

func (h *writer) keys(p *Page) {
	h.markup("<section>\n<h2>All keys</h2>\n<div class=\"controls\" id=\"controls\" hidden>\n" +
		"<label>Search <input type=\"search\" id=\"filter\" autocomplete=\"off\" spellcheck=\"false\"></label>\n" +
		"<label>Status <select id=\"status\"><option value=\"\">all</option>")
	for _, c := range p.Counts {
		if c.N > 0 {
			h.element("option", c.Status)
		}
	}
	h.markup("</select></label>\n<output id=\"shown\"></output>\n</div>\n<table class=\"keys\" id=\"keys\">\n")
	h.columns("Status", "Name", "Key ID and quorum ID", "Algorithm", "Address", "What was found")
	for _, r := range p.Rows {
		h.row(r)
	}
	h.markup("</tbody>\n</table>\n</section>\n")
}

func (h *writer) row(r Row) {
	h.markup(`<tr data-status="`)
	h.escaped(r.Status)
	h.markup("\">\n<td data-label=\"Status\">")
	h.status(r.Status)
	h.markup("</td>\n")
	h.element(`td data-label="Name"`, r.Name)
	h.markup(`<td data-label="Key ID and quorum ID">`)
	h.element("code", r.KeyID)
	h.optional("<br>", `code class="small"`, r.QuorumID, "")
	h.markup("</td>\n")
	h.element(`td data-label="Algorithm"`, r.Algorithm)
	h.markup(`<td data-label="Address">`)
	h.element("code", r.Address)
	h.markup("</td>\n<td data-label=\"What was found\">")
	if r.Bad() {
		h.markup("<p>")
		h.element("code", r.Reason)
		h.markup(": ")
		h.escaped(r.Detail)
		h.markup("</p>\n")
	}
	h.optional(`<p class="small">shard `, "code", r.Shard, "</p>\n")
	h.optional(`<p class="small">recovery key `, "code", r.RecoveryKey, "</p>\n")
	for _, w := range r.Warnings {
		h.element(`p class="warning"`, w)
	}
	h.copies(r.Copies)
	h.markup("</td>\n</tr>\n")
}

func (h *writer) copies(copies []Copy) {
	if len(copies) == 0 {
		return
	}
	h.markup("<ul class=\"small copies\">\n")
	for _, c := range copies {
		h.markup("<li>")
		h.status(c.Status)
		h.markup(" ")
		h.element("code", c.Path)
		if c.Time != "" {
			h.escaped(", " + c.Time)
		}
		if c.Used {
			h.markup(", <b>a rebuild uses this one</b>")
		}
		if c.Detail != "" {
			h.escaped(": " + c.Detail)
		}
		h.markup("</li>\n")
	}
	h.markup("</ul>")
}

// signatures are lines for those who sign the printed page.
func (h *writer) signatures() {
	h.markup("<section class=\"sign\">\n<h2>Seen and signed</h2>\n<table>\n")
	h.columns("Date", "Name and role", "Signature")
	h.markup(strings.Repeat("<tr><td></td><td></td><td></td></tr>\n", 3) + "</tbody>\n</table>\n</section>\n")
}

func (h *writer) facts(facts []Fact) {
	h.markup("<section>\n<h2>What was done with what</h2>\n<dl>\n")
	for _, f := range facts {
		h.element("dt", f.Name)
		h.element("dd", f.Value)
		h.markup("\n")
	}
	h.markup("</dl>\n</section>\n")
}
