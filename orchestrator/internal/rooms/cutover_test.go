package rooms_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// revise loads a file whose one scheme has this document, as the orchestrator does at its start, and answers
// the cutovers.
func (w *writer) revise(document string) map[string]string {
	w.Helper()
	file := rowtestFile()[:1]
	parts, err := scheme.PartsOf(document)
	require.NoError(w, err)
	file[0].Document, file[0].Hash, file[0].Parts, file[0].PartsOf = document, document, parts, scheme.PartsOf
	_, err = w.acts().ApplySchemes(w.Context(), file...)
	require.NoError(w, err)
	standing, err := w.store.Scheme(w.Context(), file[0].Scheme)
	require.NoError(w, err)
	cutovers := map[string]string{}
	for part, at := range standing.Cutovers {
		name := string(part.Kind) + " " + part.Name
		switch {
		case at.IsZero():
			cutovers[name] = "the beginning"
		case time.Since(at) < time.Hour:
			cutovers[name] = "now"
		default:
			cutovers[name] = "long ago"
		}
	}
	return cutovers
}

func TestWhatALaterRevisionAddsHasACutoverOfItsOwn(t *testing.T) {
	w := setupWriter(t)
	w.rows.Bill(rowtest.Bill{ID: 1, No: "A1", Class: "live"})
	const warehouses = "warehouses: {CK001: {account: default, code: W1}, CK009: {outside: true}}\n"
	first := "organisations: ['100']\norders: {Assembly.in: {}}\n" + warehouses
	w.revise(first)
	// rowtest's own document names nothing, so all of that was added. A scheme that began with this revision
	// has none of it.
	w.rows.Exec(`delete from scheme_cutover`)

	require.Empty(t, w.revise("# a remark\n"+first))
	require.Equal(t,
		map[string]string{"trigger un_audited": "now", "order_kind Assembly.out": "now", "warehouse CK009": "now"},
		w.revise(`
organisations: ['100']
triggers: [voided, un_audited]
orders: {Assembly.in: {}, Assembly.out: {}}
warehouses: {CK001: {account: default, code: W1}, CK009: {account: default, code: W9}}`))

	w.rows.Exec(`delete from scheme_cutover`)
	require.Empty(t, w.revise(first), "what is taken out needs none")
	require.Equal(t, map[string]string{"organisation 200": "now"},
		w.revise("organisations: ['100', '200']\norders: {Assembly.in: {}}\n"+warehouses))
	all := w.revise("orders: {Assembly.in: {}}\n" + warehouses)
	require.Equal(t,
		map[string]string{"organisation *": "now", "organisation 100": "the beginning", "organisation 200": "now"}, all,
		"those that were named before keep what they had")
	require.Equal(t, all, w.revise("organisations: ['100', '300']\norders: {Assembly.in: {}}\n"+warehouses),
		"300 was among all")

	standing, err := w.store.Scheme(t.Context(), rowtest.SchemeName)
	require.NoError(t, err)
	require.Contains(t, standing.Cutovers, rule.Part{Kind: rule.PartOrganisation, Name: rule.Everything})
}

// What comes back counts as added.
func TestAPartThatComesBackCountsFromThen(t *testing.T) {
	w := setupWriter(t)
	w.rows.Bill(rowtest.Bill{ID: 1, No: "A1", Class: "live"})
	both, one := "organisations: ['100', '200']\n", "organisations: ['100']\n"
	w.revise(both)
	w.rows.Exec(`delete from scheme_cutover`)
	require.Empty(t, w.revise(one))
	require.Equal(t, map[string]string{"organisation 200": "now"}, w.revise(both))
	w.rows.Exec(`update scheme_cutover set cutover_time = now() - interval '1 day'`)
	w.revise(one)
	require.Equal(t, map[string]string{"organisation 200": "now"}, w.revise(both), "not from when it was added first")
}

func TestTheFirstRevisionHasNoCutovers(t *testing.T) {
	w := setupWriter(t)
	w.rows.Exec(`delete from watermark`)
	require.Empty(t, w.revise("organisations: ['100']\n"))
	require.Empty(t, w.revise("organisations: ['100', '200']\n"), "nor has what is added before anything was read")
}
