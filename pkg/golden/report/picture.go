package report

import (
	"fmt"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/golden/score"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// A Picture is the reliability of one model's probabilities as SVG.
type Picture struct {
	// Name is that of the file.
	Name        string
	Judge       string
	Calibration *verdict.Calibration
	SVG         []byte
}

// maxPictures bounds the models that a report has pictures of.
const maxPictures = 20

// Pictures returns one of each judge that gives probabilities.
func (r *Report) Pictures() []Picture {
	var out []Picture
	for i := range r.Judges {
		j := &r.Judges[i]
		if len(j.Score.Reliability) > 0 && len(out) < maxPictures {
			out = append(out, Picture{fmt.Sprintf("reliability-%d.svg", len(out)+1), j.Name, j.Calibration, reliability(j)})
		}
	}
	return out
}

// The measures of a picture, in pixels: a square of the two probabilities, and below it how many
// cases each bin holds.
const (
	plotLeft   = 56
	plotTop    = 44
	plotSize   = 300
	barTop     = plotTop + plotSize + 8
	barHeight  = 40
	pictureW   = plotLeft + plotSize + 24
	pictureH   = barTop + barHeight + 48
	markRadius = 4
)

// styles colour a picture as the reader's screen is set, light or dark.
const styles = `<style>
svg{color-scheme:light dark;--ink:#1f2328;--soft:#59636e;--line:#d1d9e0;--own:#0969da;--raw:#9a6700;--paper:#ffffff}
@media (prefers-color-scheme:dark){svg{--ink:#f0f6fc;--soft:#9198a1;--line:#3d444d;--own:#4493f8;--raw:#d29922;--paper:#0d1117}}
.paper{fill:var(--paper)}.grid{stroke:var(--line);fill:none}.ideal{stroke:var(--soft);stroke-dasharray:4 4}
text{fill:var(--ink);font:12px system-ui,sans-serif}.soft{fill:var(--soft)}
.own{stroke:var(--own);fill:none;stroke-width:2}.dot{fill:var(--own)}.whisker{stroke:var(--own)}.bar{fill:var(--own);opacity:.45}
.raw{stroke:var(--raw);fill:none;stroke-width:1.5;stroke-dasharray:2 3}.rawdot{fill:var(--paper);stroke:var(--raw)}
</style>
`

// reliability draws how often cases were incidents, by the probability given to them.
func reliability(j *Judged) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" aria-label="Reliability of the probability of an incident">`+"\n", pictureW, pictureH)
	b.WriteString(styles)
	fmt.Fprintf(&b, `<rect class="paper" width="%d" height="%d"/>`+"\n", pictureW, pictureH)
	axes(&b)
	legend(&b, j)
	if len(j.Score.ReliabilityRaw) > 0 {
		curve(&b, "raw", j.Score.ReliabilityRaw)
		for _, bin := range j.Score.ReliabilityRaw {
			fmt.Fprintf(&b, `<circle class="rawdot" cx="%.1f" cy="%.1f" r="3"/>`+"\n", x(bin.Probability), y(bin.Share))
		}
	}
	curve(&b, "own", j.Score.Reliability)
	most := 0
	for _, bin := range j.Score.Reliability {
		most = max(most, bin.Cases)
	}
	for _, bin := range j.Score.Reliability {
		low, high := score.Wilson(bin.Share*float64(bin.Cases), float64(bin.Cases))
		fmt.Fprintf(&b, `<line class="whisker" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/>`+"\n", x(bin.Probability), x(bin.Probability), y(low), y(high))
		fmt.Fprintf(&b, `<circle class="dot" cx="%.1f" cy="%.1f" r="%d"><title>%d cases at %.2f: %.0f %% incidents</title></circle>`+"\n", x(bin.Probability), y(bin.Share), markRadius, bin.Cases, bin.Probability, 100*bin.Share)
		h := float64(barHeight) * float64(bin.Cases) / float64(most)
		fmt.Fprintf(&b, `<rect class="bar" x="%.1f" y="%.1f" width="6" height="%.1f"/>`+"\n", x(bin.Probability)-3, barTop+barHeight-h, h)
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

func x(p float64) float64 { return plotLeft + plotSize*p }
func y(p float64) float64 { return plotTop + plotSize*(1-p) }

func axes(b *strings.Builder) {
	fmt.Fprintf(b, `<rect class="grid" x="%d" y="%d" width="%d" height="%[3]d"/>`+"\n", plotLeft, plotTop, plotSize)
	fmt.Fprintf(b, `<line class="ideal" x1="%.0f" y1="%.0f" x2="%.0f" y2="%.0f"/>`+"\n", x(0), y(0), x(1), y(1))
	for i := range 6 {
		v := float64(i) / 5
		fmt.Fprintf(b, `<text x="%.0f" y="%d" text-anchor="middle">%.1f</text>`+"\n", x(v), barTop+barHeight+16, v)
		fmt.Fprintf(b, `<text x="%d" y="%.0f" text-anchor="end">%.1f</text>`+"\n", plotLeft-8, y(v)+4, v)
	}
	fmt.Fprintf(b, `<line class="grid" x1="%d" x2="%d" y1="%d" y2="%[3]d"/>`+"\n", plotLeft, plotLeft+plotSize, barTop+barHeight)
	fmt.Fprintf(b, `<text x="%.0f" y="%d" text-anchor="middle">probability of an incident; bars: cases</text>`+"\n", x(0.5), barTop+barHeight+36)
	fmt.Fprintf(b, `<text transform="translate(14 %.0f) rotate(-90)" text-anchor="middle">share that are incidents</text>`+"\n", y(0.5))
}

// legend names the judge and the curves.
func legend(b *strings.Builder, j *Judged) {
	const left, limit = 14, 46
	name := []rune(j.Name)
	if len(name) > limit {
		name = append(name[:limit-1], '…')
	}
	fmt.Fprintf(b, `<text x="%d" y="16">%s</text>`+"\n", left, string(name))
	text := fmt.Sprintf("ECE %.3f", j.Score.Figures[score.ECE].Value)
	if raw, ok := j.Score.Figures[score.ECERaw]; ok {
		text = fmt.Sprintf("ECE %.3f calibrated, %.3f before (dotted)", j.Score.Figures[score.ECE].Value, raw.Value)
	}
	fmt.Fprintf(b, `<text class="soft" x="%d" y="34">%s</text>`+"\n", left, text)
}

func curve(b *strings.Builder, class string, bins []score.Bin) {
	fmt.Fprintf(b, `<polyline class="%s" points="`, class)
	for _, bin := range bins {
		fmt.Fprintf(b, "%.1f,%.1f ", x(bin.Probability), y(bin.Share))
	}
	b.WriteString(`"/>` + "\n")
}
