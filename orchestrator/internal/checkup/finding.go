package checkup

import (
	"fmt"
	"strings"
)

// Result is how a question ended.
type Result string

// The results, from best to worst.
const (
	OK Result = "ok"
	// Skipped means: the question could not be asked, or has no object here; Found says why.
	Skipped Result = "skipped"
	// Warning means: it works, and somebody should look.
	Warning Result = "warning"
	// Failed means: it does not work.
	Failed Result = "failed"
)

// Text is the same in both languages.
type Text struct{ ZH, EN string }

// say fills both texts with the same values in the same order.
func say(zh, en string, values ...any) Text {
	if len(values) == 0 {
		return Text{zh, en}
	}
	return Text{fmt.Sprintf(zh, values...), fmt.Sprintf(en, values...)}
}

// same is a text that nobody translated, such as a vendor's or an error's, in one line.
func same(text string) Text {
	text = strings.Join(strings.Fields(text), " ")
	return Text{text, text}
}

func (t Text) and(more Text) Text { return Text{t.ZH + more.ZH, t.EN + more.EN} }

// Finding is the answer to one question.
type Finding struct {
	// ID is the question, such as database.encoding; those of the adapters begin with kingdee. and wms.
	ID string
	// About is what it was asked of where there are several: a form, a scheme, a WMS account, a clock, a setting.
	About  string
	Title  Text
	Result Result
	Found  Text
	// Advice is what to do, with the setting or command; empty when all is well.
	Advice Text
}

func ok(id string, title, found Text) Finding {
	return Finding{ID: id, Title: title, Result: OK, Found: found}
}

func skipped(id string, title, why Text) Finding {
	return Finding{ID: id, Title: title, Result: Skipped, Found: why}
}

func warning(id string, title, found, advice Text) Finding {
	return Finding{ID: id, Title: title, Result: Warning, Found: found, Advice: advice}
}

func failed(id string, title, found, advice Text) Finding {
	return Finding{ID: id, Title: title, Result: Failed, Found: found, Advice: advice}
}

// about says what a finding was asked of.
func (f Finding) about(what string) Finding {
	f.About = what
	return f
}

// Count answers how many findings ended in each way.
func Count(findings []Finding) map[Result]int {
	counts := make(map[Result]int)
	for _, f := range findings {
		counts[f.Result]++
	}
	return counts
}
