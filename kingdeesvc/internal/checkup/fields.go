package checkup

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// fields asks for all keys that are confirmed at once and drops each that the server does not know.
func (r *formRound) fields(ctx context.Context) {
	further := r.form.Entities[1:]
	if !r.queried {
		r.skip("fields")
		if len(further) > 0 {
			r.skip("components")
		}
		return
	}
	r.confirmed(ctx, "fields", confirmedKeys(r.form.Head, r.form.Entities[0].Columns))
	for _, e := range further {
		r.confirmed(ctx, "components", confirmedKeys(e.Columns))
	}
}

// confirmedKeys are the keys of the columns that are not open.
func confirmedKeys(tables ...[]form.Column) []string {
	var keys []string
	for _, columns := range tables {
		for _, c := range columns {
			if !c.Open {
				keys = append(keys, c.Key)
			}
		}
	}
	return keys
}

func (r *formRound) confirmed(ctx context.Context, id string, keys []string) {
	missing, err := r.missing(ctx, keys)
	if err != nil {
		r.add(id, r.bad(), said(err), adviceOn(err, r.form))
		return
	}
	var needed []string
	for _, key := range missing {
		if !r.form.Optional(key) {
			needed = append(needed, key)
		}
	}
	found := say("%d 个中有 %d 个", "%[2]d of %[1]d exist", len(keys), len(keys)-len(missing))
	if len(missing) > 0 {
		found = found.and(say("，没有：%s", "; missing: %s", strings.Join(missing, ", ")))
	}
	switch {
	case len(needed) > 0:
		r.add(id, r.bad(), found, say("看该用户的字段权限和单据是否被二次开发改过；没有这些字段读不了完整单据",
			"look at the user's field rights and whether the form was customised; whole bills cannot be read "+
				"without them"))
	case len(missing) > 0:
		r.add(id, OK, found.and(say("（可以没有）", " (it may be)")), Text{})
	default:
		r.add(id, OK, found, Text{})
	}
}

// bad is how a question ends that shows that bills of the form cannot be read.
func (r *formRound) bad() Result {
	if r.asked {
		return Failed
	}
	return Warning
}

// missing are those of the keys that the server does not know. It asks for all at once and drops each that the server
// names; where it names none, it asks for the keys one by one.
func (r *formRound) missing(ctx context.Context, keys []string) ([]string, error) {
	var missing []string
	for left := slices.Clone(keys); len(left) > 0; {
		fault, err := r.asks(ctx, left)
		if err != nil || fault == nil {
			return missing, err
		}
		at := slices.IndexFunc(left,
			func(key string) bool { return strings.EqualFold(key, fault.Field) || sameRoot(key, fault.Field) })
		if at < 0 {
			return r.oneByOne(ctx, left, missing)
		}
		missing = append(missing, left[at])
		left = slices.Delete(left, at, at+1)
	}
	return missing, nil
}

func (r *formRound) oneByOne(ctx context.Context, keys, missing []string) ([]string, error) {
	for _, key := range keys {
		fault, err := r.asks(ctx, []string{key})
		if err != nil {
			return nil, err
		}
		if fault != nil {
			missing = append(missing, key)
		}
	}
	return missing, nil
}

// asks asks for keys of no bill; the fault says that the server does not know one of them.
func (r *formRound) asks(ctx context.Context, keys []string) (*kingdee.Fault, error) {
	none := r.form.Key("id") + " = -1"
	_, err := r.client.Query(ctx, kingdee.Query{FormID: r.form.ID, FieldKeys: keys, Filter: none, Limit: 1})
	if fault, ok := errors.AsType[*kingdee.Fault](err); ok && fault.Class == kingdee.FieldUnknown {
		return fault, nil
	}
	return nil, err
}

// sameRoot: a server may name FLOT for FLOT.FNumber.
func sameRoot(key, named string) bool {
	root, _, dotted := strings.Cut(key, ".")
	return dotted && strings.EqualFold(root, named)
}
