package checkup

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// fields asks for all keys at once and drops each that the server does not know.
func (r *round) fields(ctx context.Context) {
	if !r.entered {
		r.skip("fields", "components")
		return
	}
	f := r.settings.Form
	r.keys(ctx, "fields", append(form.Keys(f.Head), form.Keys(f.Entities[0].Columns)...))
	var further []string
	for _, e := range f.Entities[1:] {
		further = append(further, form.Keys(e.Columns)...)
	}
	r.keys(ctx, "components", further)
}

func (r *round) keys(ctx context.Context, id string, keys []string) {
	f := r.settings.Form
	var missing, needed []string
	for left := slices.Clone(keys); ; {
		none := f.Key("id") + " = -1"
		_, err := r.client.Query(ctx, kingdee.Query{FormID: f.ID, FieldKeys: left, Filter: none, Limit: 1})
		fault, _ := errors.AsType[*kingdee.Fault](err)
		if err != nil && (fault == nil || fault.Class != kingdee.FieldUnknown) {
			r.add(id, Failed, said(err), advice(err))
			return
		}
		if err == nil {
			break
		}
		at := slices.IndexFunc(left,
			func(key string) bool { return strings.EqualFold(key, fault.Field) || sameRoot(key, fault.Field) })
		if at < 0 {
			r.add(id, Failed, said(err), say("报告这个字段", "report this field"))
			return
		}
		missing = append(missing, left[at])
		if !f.Optional(left[at]) {
			needed = append(needed, left[at])
		}
		left = slices.Delete(left, at, at+1)
	}
	found := say("%d 个中有 %d 个", "%[2]d of %[1]d exist", len(keys), len(keys)-len(missing))
	if len(missing) > 0 {
		found = found.and(say("，没有：%s", "; missing: %s", strings.Join(missing, ", ")))
	}
	switch {
	case len(needed) > 0:
		r.add(id, Failed, found, say("看该用户的字段权限和单据是否被二次开发改过；没有这些字段读不了完整单据",
			"look at the user's field rights and whether the form was customised; whole bills cannot be read "+
				"without them"))
	case len(missing) > 0:
		r.add(id, OK, found.and(say("（可以没有）", " (it may be)")), Text{})
	default:
		r.add(id, OK, found, Text{})
	}
}

// sameRoot: a server may name FLOT for FLOT.FNumber.
func sameRoot(key, named string) bool {
	root, _, dotted := strings.Cut(key, ".")
	return dotted && strings.EqualFold(root, named)
}
