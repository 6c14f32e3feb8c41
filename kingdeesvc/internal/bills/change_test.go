package bills

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form/assembled"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// meddler lets a test change the sandbox just before a query reaches it.
type meddler struct {
	Vendor
	before func(q kingdee.Query)
}

func (m *meddler) Query(ctx context.Context, q kingdee.Query) (*kingdee.Table, error) {
	if m.before != nil {
		m.before(q)
	}
	return m.Vendor.Query(ctx, q)
}

// bundle is a reader in front of a sandbox, with somebody meddling in between.
type bundle struct {
	vendor *sandbox.Server
	reader *Reader
	*meddler
}

func setup(t *testing.T, pageRows int, personality behaviour.Personality) *bundle {
	t.Helper()
	cfg := sandbox.DefaultConfig()
	cfg.Personality = personality
	var ticks atomic.Int64 // stamps have milliseconds only: no two changes of a test may share one
	cfg.Now = func() time.Time { return time.Now().Add(time.Duration(ticks.Add(10)) * time.Millisecond) }
	vendor, err := sandbox.Start(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, vendor.Stop(context.WithoutCancel(t.Context()))) })
	base, err := kingdee.ParseBaseURL(vendor.URL())
	require.NoError(t, err)
	client := kingdee.New(kingdee.Options{
		BaseURL: base,
		Auth: kingdee.SignAuth{
			Account: kingdee.Account{AcctID: cfg.AcctID, Username: cfg.Username, LCID: 2052},
			AppID:   cfg.AppID, AppSecret: kingdee.Secret("sandbox-app-secret"),
		},
		Now:    time.Now,
		Logger: slog.New(slog.DiscardHandler),
	})
	t.Cleanup(func() { client.Close(context.WithoutCancel(t.Context())) })
	m := &meddler{Vendor: client}
	zone := func() *time.Location { return cfg.TimeZone }
	readers, err := Open(m, zone, pageRows, slog.New(slog.DiscardHandler), assembled.Form)
	require.NoError(t, err)
	reader, err := readers.Of(assembled.Form.ID)
	require.NoError(t, err)
	return &bundle{vendor: vendor, reader: reader, meddler: m}
}

// withComponents wants 子件 too.
var withComponents = Options{FurtherEntities: []string{assembled.Components}}

func (b *bundle) reading(t *testing.T, o Options) *Reading {
	t.Helper()
	reading, err := b.reader.Read(o)
	require.NoError(t, err)
	return reading
}

// linesOfEntity are the lines of one entity of a bill.
func linesOfEntity(b *kingdeev1.Bill, name string) []*kingdeev1.Line {
	for _, e := range b.GetEntities() {
		if e.GetName() == name {
			return e.GetLines()
		}
	}
	return nil
}

func products(b *kingdeev1.Bill) []*kingdeev1.Line   { return linesOfEntity(b, assembled.Products) }
func components(b *kingdeev1.Bill) []*kingdeev1.Line { return linesOfEntity(b, assembled.Components) }

// bill makes an unaudited bill of so many product lines, each with one component.
func (b *bundle) bill(t *testing.T, lines int) books.Bill {
	t.Helper()
	made, err := b.vendor.Create(t.Context(),
		books.Bill{AffairType: books.Dassembly, StockOrg: "100", Lines: linesOf(lines)})
	require.NoError(t, err)
	return made
}

func linesOf(n int) []books.Line {
	lines := make([]books.Line, n)
	for i := range lines {
		lines[i].Goods = books.Goods{Material: "CP.LH.001", Qty: "1", Stock: "CK001"}
		lines[i].Components = []books.Component{{Goods: books.Goods{Material: "WL.SP.101", Qty: "2", Stock: "CK003"}}}
	}
	return lines
}

func (b *bundle) read(t *testing.T, ids ...int64) (bills []*kingdeev1.Bill, problems []*kingdeev1.BillProblem) {
	t.Helper()
	selected, err := b.reading(t, withComponents).Select(Selection{IDs: ids})
	require.NoError(t, err)
	require.NoError(t, selected.Bills(t.Context(), func(p Page) error {
		bills, problems = append(bills, p.Bills...), append(problems, p.Problems...)
		return nil
	}))
	return bills, problems
}

func asksFor(q kingdee.Query, key string) bool { return slices.Contains(q.FieldKeys, key) }

func (b *bundle) edit(t *testing.T, id int64, note string) {
	t.Helper()
	_, err := b.vendor.Edit(t.Context(), idText(id), books.Edit{Note: &note})
	require.NoError(t, err)
}

func TestABillEditedBetweenItsTwoReadsIsReadAgain(t *testing.T) {
	b := setup(t, 2000, behaviour.Personality{})
	first, second := b.bill(t, 2), b.bill(t, 2)
	edited := false
	b.before = func(q kingdee.Query) {
		if asksFor(q, keyDetailID) && !edited {
			edited = true
			b.edit(t, first.ID, "变更")
		}
	}
	bills, problems := b.read(t, first.ID, second.ID)
	require.Empty(t, problems)
	require.Len(t, bills, 2)
	require.Equal(t, "变更", bills[0].GetNote(), "both halves are of the version after the edit")
	require.Len(t, components(bills[0]), 2)
	require.EqualValues(t, 4, bills[0].GetRows())
}

func TestABillThatNeverHoldsStillIsAProblem(t *testing.T) {
	b := setup(t, 2000, behaviour.Personality{})
	restless, calm := b.bill(t, 2), b.bill(t, 1)
	b.before = func(q kingdee.Query) {
		if asksFor(q, keyDetailID) {
			b.edit(t, restless.ID, time.Now().String())
		}
	}
	bills, problems := b.read(t, restless.ID, calm.ID)
	require.Len(t, bills, 1)
	require.Equal(t, calm.ID, bills[0].GetId())
	require.Len(t, problems, 1)
	require.Equal(t, kingdeev1.BillProblemReason_BILL_PROBLEM_REASON_CHANGING, problems[0].GetReason())
	require.EqualValues(t, 4, problems[0].GetRows())
}

func TestALargeBillEditedBetweenItsPagesIsReadAgain(t *testing.T) {
	for name, edits := range map[string]int{"once": 1, "for ever": 1 << 30} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, 10, behaviour.Personality{})
			large := b.bill(t, 25)
			left := edits
			b.before = func(q kingdee.Query) {
				if q.StartRow == 10 && left > 0 {
					left--
					b.edit(t, large.ID, time.Now().String())
				}
			}
			bills, problems := b.read(t, large.ID)
			if edits == 1 {
				require.Empty(t, problems)
				require.Len(t, products(bills[0]), 25)
				require.EqualValues(t, 50, bills[0].GetRows())
				return
			}
			require.Empty(t, bills)
			require.Equal(t, kingdeev1.BillProblemReason_BILL_PROBLEM_REASON_CHANGING, problems[0].GetReason())
		})
	}
}

func TestLinesAddedWhileABillShowsNone(t *testing.T) {
	b := setup(t, 2000, behaviour.Personality{InnerJoin: true})
	bare, filled := b.bill(t, 0), b.bill(t, 0)
	b.before = func(q kingdee.Query) {
		if !asksFor(q, keyEntryID) && asksFor(q, "FNote") { // the head-only look at bills that showed no line
			b.before = nil
			_, err := b.vendor.Edit(t.Context(), idText(filled.ID), books.Edit{Lines: linesOf(3)})
			require.NoError(t, err)
		}
	}
	bills, problems := b.read(t, bare.ID, filled.ID)
	require.Empty(t, problems)
	require.Len(t, bills, 2)
	require.Empty(t, products(bills[0]))
	require.EqualValues(t, 1, bills[0].GetRows())
	require.Len(t, products(bills[1]), 3)
	require.Len(t, components(bills[1]), 3)
}

func TestComponentsTakenAwayBetweenTheReads(t *testing.T) {
	b := setup(t, 2000, behaviour.Personality{InnerJoin: true})
	bill := b.bill(t, 2)
	b.before = func(q kingdee.Query) {
		if asksFor(q, keyDetailID) {
			b.before = nil
			lines := linesOf(2)
			lines[0].Components, lines[1].Components = nil, nil
			_, err := b.vendor.Edit(t.Context(), idText(bill.ID), books.Edit{Lines: lines})
			require.NoError(t, err)
		}
	}
	bills, problems := b.read(t, bill.ID)
	require.Empty(t, problems)
	require.Len(t, bills, 1)
	require.Empty(t, components(bills[0]))
	now, err := b.vendor.Bill(idText(bill.ID))
	require.NoError(t, err)
	require.Equal(t, now.Lines[0].EntryID, products(bills[0])[0].GetId(), "the products are those after the edit")
}

func TestABillDeletedBetweenTheReadsIsAbsent(t *testing.T) {
	b := setup(t, 2000, behaviour.Personality{})
	gone, stays := b.bill(t, 2), b.bill(t, 1)
	b.before = func(q kingdee.Query) {
		if asksFor(q, keyDetailID) {
			b.before = nil
			_, err := b.vendor.Delete(t.Context(), idText(gone.ID))
			require.NoError(t, err)
		}
	}
	bills, problems := b.read(t, gone.ID, stays.ID)
	require.Empty(t, problems)
	require.Len(t, bills, 1)
	require.Equal(t, stays.ID, bills[0].GetId())
}

func TestTheEarliestQueryIsThePagesTime(t *testing.T) {
	b := setup(t, 2000, behaviour.Personality{})
	bill := b.bill(t, 1)
	var asked []time.Time
	b.before = func(kingdee.Query) { asked = append(asked, time.Now()) }
	selected, err := b.reading(t, withComponents).Select(Selection{Numbers: []string{bill.BillNo}})
	require.NoError(t, err)
	require.NoError(t, selected.Bills(t.Context(), func(p Page) error {
		require.False(t, p.Left.Before(asked[0]))
		require.True(t, p.Left.Before(asked[1]), "a number's holder is known as of the listing")
		return nil
	}))
	asked = nil
	selected, err = b.reading(t, withComponents).Select(Selection{Since: bill.CreateDate})
	require.NoError(t, err)
	require.NoError(t, selected.Bills(t.Context(), func(p Page) error {
		require.False(t, p.Left.Before(asked[1]), "the listing of what changed shows nothing of the bill")
		require.True(t, p.Left.Before(asked[2]))
		return nil
	}))
}
