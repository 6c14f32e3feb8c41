package checkup

import (
	"fmt"
	"io"
	"strings"
)

// Language is what a report is written in.
type Language string

// The languages.
const (
	Chinese Language = "zh"
	English Language = "en"
	Both    Language = "both"
)

var marks = map[Result]Text{
	OK: {"通过", "OK"}, Skipped: {"跳过", "SKIPPED"}, Warning: {"注意", "WARNING"}, Failed: {"失败", "FAILED"},
}

// Write prints findings for people, each with what to do about it, and a line that sums up. It says whether
// none failed.
func Write(out io.Writer, findings []Finding, language Language) (sound bool, err error) {
	var b strings.Builder
	counts := map[Result]int{}
	for _, f := range findings {
		counts[f.Result]++
		mark := marks[f.Result]
		if language != English {
			line(&b, mark.ZH, f.Title.ZH, f.Found.ZH, f.Advice.ZH, "：")
		}
		if language != Chinese {
			line(&b, mark.EN, f.Title.EN, f.Found.EN, f.Advice.EN, ": ")
		}
	}
	total := say("%d 项通过，%d 项注意，%d 项失败，%d 项跳过", "%d passed, %d warnings, %d failed, %d skipped",
		counts[OK], counts[Warning], counts[Failed], counts[Skipped])
	b.WriteByte('\n')
	if language != English {
		b.WriteString(total.ZH + "\n")
	}
	if language != Chinese {
		b.WriteString(total.EN + "\n")
	}
	_, err = io.WriteString(out, b.String())
	return counts[Failed] == 0, err
}

func line(b *strings.Builder, mark, title, found, advice, colon string) {
	fmt.Fprintf(b, "[%s] %s%s%s\n", mark, title, colon, found)
	if advice != "" {
		fmt.Fprintf(b, "    -> %s\n", advice)
	}
}
