package checkup

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form"
)

// formRound is what one examination finds out about one form.
type formRound struct {
	*round
	form form.Form
	// asked: somebody means to use the form. Without being asked, the first form is looked at as if it were.
	asked bool
	keys  map[string]string
	// queried is whether the form may be queried.
	queried bool
	rows    []recent
	newest  int64
}

// Check says what is wrong with the options: forms and columns that are not there. The error names those that are.
func (o Options) Check(forms []form.Form) error {
	r := &round{Examiner: &Examiner{settings: Settings{Forms: forms}}, options: o}
	return r.choose()
}

// choose makes a round for each form that is to be examined.
func (r *round) choose() error {
	if len(r.options.Forms) == 0 {
		for i, f := range r.settings.Forms {
			r.forms = append(r.forms, &formRound{round: r, form: f, asked: i == 0})
		}
		return nil
	}
	for _, asked := range r.options.Forms {
		at := slices.IndexFunc(r.settings.Forms, func(f form.Form) bool { return f.ID == asked.ID })
		switch {
		case at < 0:
			ids := make([]string, len(r.settings.Forms))
			for i, f := range r.settings.Forms {
				ids[i] = f.ID
			}
			return fmt.Errorf("form %s is not known; there are %s", asked.ID, strings.Join(ids, ", "))
		case slices.ContainsFunc(r.forms, func(one *formRound) bool { return one.form.ID == asked.ID }):
			return fmt.Errorf("form %s is named twice", asked.ID)
		}
		one := &formRound{round: r, form: r.settings.Forms[at], asked: true, keys: asked.Keys}
		for _, name := range slices.Sorted(maps.Keys(asked.Keys)) {
			open := one.open()
			if !slices.ContainsFunc(open, func(o openColumn) bool { return o.name == name }) {
				names := make([]string, len(open))
				for i, o := range open {
					names[i] = o.name
				}
				return fmt.Errorf("%s has no open column %s; open are: %s", asked.ID, name, strings.Join(names, ", "))
			}
		}
		r.forms = append(r.forms, one)
	}
	return nil
}

// key is the key of the head's column of this name, as the caller or the form's table names it.
func (r *formRound) key(name string) string {
	if key := r.keys[name]; key != "" {
		return key
	}
	return r.form.Key(name)
}

// may says whether the form may be queried; err is what asking for it came to. A form that nobody means to use may be
// missing.
func (r *formRound) may(err error) {
	switch {
	case !r.entered:
		r.skip("form")
	case err == nil:
		r.queried = true
		r.add("form", OK, say("可以查询 %[1]s", "%[1]s may be queried", r.form.ID), Text{})
	case r.asked:
		r.add("form", Failed, said(err), adviceOn(err, r.form))
	default:
		r.add("form", Skipped, said(err).and(say("（没有方案用 %[1]s 就不必理会；要用请加 -form %[1]s 再检查）",
			" (of no importance unless a scheme uses %[1]s: then check with -form %[1]s)", r.form.ID)), Text{})
	}
}

// add notes a finding about the form.
func (r *formRound) add(id string, result Result, found, advice Text) {
	title := titles[id]
	switch {
	case id == "form":
		title = Text{r.form.Title, strings.ToUpper(r.form.English[:1]) + r.form.English[1:]}
	case len(r.forms) > 1:
		title = say("%[1]s %[2]s", "%[1]s %[3]s", r.form.ID, title.ZH, strings.ToLower(title.EN))
	}
	r.findings = append(r.findings, Finding{
		ID: id, FormID: r.form.ID, Title: title, Result: result, Found: found, Advice: advice,
	})
}

// skip notes questions about the form that could not be asked. Of a form that nobody means to use there are none.
func (r *formRound) skip(ids ...string) {
	for _, id := range ids {
		if r.asked || id == "form" {
			r.add(id, Skipped, say("前面的步骤未通过，无法检查", "not asked, because an earlier step failed"), Text{})
		}
	}
}
