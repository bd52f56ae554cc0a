package page

import "io"

// Review is the page of a review: lines that are green, red or not known. All
// texts are shown as they are, as those of a Page.
type Review struct {
	Title, Verdict, Meaning string
	OK                      bool
	Facts                   []Fact
	Counts                  []Count
	Notes                   []string
	Groups                  []Group
}

// Group is a part of a review.
type Group struct {
	Title, Source string
	Lines         []Line
}

// Line is one line. Class is "green", "red" or "unknown"; Verdict is what is shown.
type Line struct {
	Class, Verdict                   string
	Item, Title, Fact, Next, Command string
}

// WriteReview writes the page: first the lines that are red, then those that are
// not known, each with its next step; then all of them, and lines to sign on. The
// error is one of w.
func WriteReview(w io.Writer, r *Review) error {
	h := new(writer)
	h.head(&Page{Title: r.Title, Verdict: r.Verdict, Meaning: r.Meaning, OK: r.OK, Counts: r.Counts})
	h.markup("<main>\n")
	h.openLines(r.Groups)
	h.notes(r.Notes)
	for _, g := range r.Groups {
		h.group(g)
	}
	h.facts(r.Facts)
	h.signatures()
	h.markup("</main>\n</body>\n</html>\n")
	_, err := io.WriteString(w, h.text.String())
	return err
}

func (h *writer) openLines(groups []Group) {
	begun := false
	for _, class := range []string{"red", "unknown"} {
		for _, g := range groups {
			for _, l := range g.Lines {
				if l.Class != class {
					continue
				}
				if !begun {
					h.markup("<section id=\"attention\">\n<h2>What needs attention</h2>\n<ol>\n")
					begun = true
				}
				h.openLine(g, l)
			}
		}
	}
	if begun {
		h.markup("</ol>\n</section>\n")
	}
}

func (h *writer) openLine(g Group, l Line) {
	h.markup("<li><p>")
	h.verdict(l)
	h.markup(" ")
	h.element("b", l.Title)
	h.markup(" ")
	h.element(`code class="small"`, l.Item)
	h.optional(" ", `span class="small"`, g.Source, "")
	h.markup("</p>\n")
	h.element("p", l.Fact)
	h.optional(`<p class="next"><b>Next:</b> `, "span", l.Next, "</p>")
	h.optional(`<p class="next"><b>Run:</b> `, "code", l.Command, "</p>")
	h.markup("</li>\n")
}

// verdict writes the verdict of a line as a badge.
func (h *writer) verdict(l Line) {
	h.markup(`<span class="status s-`)
	h.escaped(l.Class)
	h.markup(`">`)
	h.escaped(l.Verdict)
	h.markup("</span>")
}

func (h *writer) group(g Group) {
	h.markup("<section>\n")
	h.element("h2", g.Title)
	h.optional("\n", `p class="small"`, g.Source, "")
	h.markup("\n<table class=\"review\">\n")
	h.columns("Verdict", "What has to be so", "What was found")
	for _, l := range g.Lines {
		h.markup("<tr><td>")
		h.verdict(l)
		h.markup("</td>")
		h.element("td", l.Title)
		h.element("td", l.Fact)
		h.markup("</tr>\n")
	}
	h.markup("</tbody>\n</table>\n</section>\n")
}
