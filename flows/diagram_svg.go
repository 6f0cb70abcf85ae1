package flows

import (
	"bufio"
	"cmp"
	"encoding/xml"
	"fmt"
	"slices"
	"unicode/utf8"
)

// The drawing is in layers from left to right: a state stands one layer after
// the nearest state that leads to it. Each state is a card that lists its ways
// out, so that it can be read without following the lines.
const (
	letterWidth = 6.7 // of the 11px monospaced letters
	lineHeight  = 16.0
	cardPadding = 8.0
	cardGap     = 18.0
	layerGap    = 90.0
	margin      = 20.0
)

type card struct {
	state *State
	layer int
	out   []link
	x, y  float64
	width float64
}

func (c *card) height() float64 { return float64(len(c.out)+1)*lineHeight + 2*cardPadding }

const svgStyle = `text{font:11px ui-monospace,Menlo,Consolas,monospace;fill:#1c2733}
.t{font-weight:700}.q{fill:#e8f1fb;stroke:#2f6db3}.a{fill:#f6f7f9;stroke:#8a97a6}.e{fill:#eaf6ec;stroke:#3c8a4c}
path{fill:none;stroke:#6b7a8c;stroke-width:1.2}.b{stroke:#b4bec9;stroke-width:.9}.s{stroke-dasharray:4 3;stroke:#b4bec9;stroke-width:.9}
@media (prefers-color-scheme:dark){svg{background:#12181f}text{fill:#e6edf3}.q{fill:#16283c}.a{fill:#1d242d}.e{fill:#16291b}}`

func (f *Flow) svg(w *bufio.Writer) {
	cards, width, height := f.lay()
	byName := map[string]*card{}
	for _, c := range cards {
		byName[c.state.Name] = c
	}
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img">`+"\n", width, height, width, height)
	fmt.Fprintf(w, "<title>%s</title>\n<style>%s</style>\n", f.Name, svgStyle)
	fmt.Fprintln(w, `<defs><marker id="m" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" style="fill:#6b7a8c;stroke:none"/></marker></defs>`)
	for _, c := range cards {
		for i, l := range c.out {
			drawWay(w, c, byName[l.to], i, l.aside)
		}
	}
	for _, c := range cards {
		drawCard(w, c)
	}
	fmt.Fprintln(w, "</svg>")
}

func drawCard(w *bufio.Writer, c *card) {
	class := "a"
	switch {
	case c.state.End:
		class = "e"
	case c.state.Ask != "":
		class = "q"
	}
	fmt.Fprintf(w, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="6"/>`+"\n", class, c.x, c.y, c.width, c.height())
	write := func(line int, class, text string) {
		y := c.y + cardPadding + float64(line)*lineHeight + 12
		fmt.Fprintf(w, `<text%s x="%.1f" y="%.1f">`, class, c.x+cardPadding, y)
		xml.EscapeText(w, []byte(text)) // the error stays in w until Flush
		fmt.Fprintln(w, "</text>")
	}
	write(0, ` class="t"`, c.state.title())
	for i, l := range c.out {
		write(i+1, "", l.line())
	}
}

func (l link) line() string {
	if l.label == "" {
		return "→ " + l.to
	}
	return l.label + " → " + l.to
}

// drawWay draws a line from a row of a card to the head of another one.
func drawWay(w *bufio.Writer, from, to *card, row int, aside bool) {
	x1, y1 := from.x+from.width, from.y+cardPadding+float64(row+1)*lineHeight+8
	x2, y2 := to.x, to.y+cardPadding+8
	bend := layerGap * 0.6
	if to.layer <= from.layer {
		bend = layerGap * 0.9 // around, since the other card is not ahead
	}
	class := ""
	switch {
	case aside:
		class = ` class="s"`
	case to.layer <= from.layer:
		class = ` class="b"`
	}
	fmt.Fprintf(w, `<path%s marker-end="url(#m)" d="M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f"/>`+"\n", class, x1, y1, x1+bend, y1, x2-bend, y2, x2, y2)
}

// lay gives every card its place, and the size of the whole.
func (f *Flow) lay() (cards []*card, width, height float64) {
	layers := f.layers()
	x := margin
	for _, layer := range layers {
		y, widest := margin, 0.0
		for _, c := range layer {
			c.x, c.y = x, y
			y += c.height() + cardGap
			widest = max(widest, c.width)
			cards = append(cards, c)
		}
		height = max(height, y)
		x += widest + layerGap
	}
	return cards, x - layerGap + margin, height
}

// layers sorts the states by how many moves away from an entry they are, and
// those of one layer by the middle of what leads to them. Silence and ways back
// only place what nothing else leads to.
func (f *Flow) layers() [][]*card {
	byName := map[string]*card{}
	for _, name := range f.Order {
		byName[name] = &card{state: f.States[name], layer: -1}
	}
	into := map[string][]string{}
	for _, l := range f.links() {
		c := byName[l.from]
		c.out = append(c.out, l)
		into[l.to] = append(into[l.to], l.from)
	}
	var layers [][]*card
	place := func(layer int, name string) {
		c := byName[name]
		if c.layer >= 0 {
			return
		}
		c.layer = layer
		if layer == len(layers) {
			layers = append(layers, nil)
		}
		layers[layer] = append(layers[layer], c)
	}
	for _, name := range f.Order {
		if f.isEntry(name) {
			place(0, name)
		}
	}
	for _, aside := range []bool{false, true} {
		for i := 0; i < len(layers); i++ {
			for _, c := range layers[i] {
				for _, l := range c.out {
					if l.aside == aside || aside {
						place(i+1, l.to)
					}
				}
			}
		}
	}
	for i := 1; i < len(layers); i++ {
		order(layers[i-1], layers[i], into)
	}
	for _, c := range byName {
		c.width = float64(c.longest())*letterWidth + 2*cardPadding
	}
	return layers
}

func (f *Flow) isEntry(name string) bool {
	for _, state := range f.Entries {
		if state == name {
			return true
		}
	}
	return false
}

// longest gives the letters of the longest line of a card.
func (c *card) longest() int {
	n := utf8.RuneCountInString(c.state.title())
	for _, l := range c.out {
		n = max(n, utf8.RuneCountInString(l.line()))
	}
	return n
}

// order sorts a layer by the mean place, in the layer before, of what leads to
// each card.
func order(before, layer []*card, into map[string][]string) {
	place := map[string]int{}
	for i, c := range before {
		place[c.state.Name] = i
	}
	middle := map[string]float64{}
	for _, c := range layer {
		sum, n := 0.0, 0.0
		for _, from := range into[c.state.Name] {
			if i, ok := place[from]; ok {
				sum, n = sum+float64(i), n+1
			}
		}
		middle[c.state.Name] = sum / max(n, 1)
	}
	slices.SortStableFunc(layer, func(a, b *card) int {
		return cmp.Compare(middle[a.state.Name], middle[b.state.Name])
	})
}
