package revision_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/operate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/query"
	"github.com/voidrelay/voidrelay/orchestrator/internal/revision"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// faster is the shipped file with one thing changed.
func faster() string { return saying("backoff: 1s", "backoff: 2s") }

// revisions are those of the shipped scheme, oldest first: who and why.
func (b *bench) revisions() string {
	return b.rows.Text(`
select string_agg(revision || ' ' || actor || ' ' || reason, ', ' order by revision) from scheme_revision
where scheme = '` + shipped + `'`)
}

// Rule 17 (docs/rules.md): apply makes a revision with who and why; equal content makes none; --if-revision refuses.
func TestApplyMakesARevisionWithWhoAndWhy(t *testing.T) {
	b := setup(t)
	require.Equal(t, "1 wang rain", b.revisions())
	applied := b.load(faster())
	require.Len(t, applied, 1, "the other scheme is not in the file, and stays as it is")
	require.Equal(t, ledger.ChangeRevised, applied[0].Change)
	require.Equal(t, ledger.ChangeNone, b.load("# a remark\n" + faster())[0].Change)
	require.Equal(t, "1 wang rain, 2 wang rain", b.revisions())
	require.Equal(t, "2", b.rows.Text(`select count(*)::text from scheme where active`))

	_, err := b.apply(revision.Proposal{Document: saying(), IfRevision: map[string]int32{shipped: 1}})
	var moved *ledger.RevisionError
	require.ErrorAs(t, err, &moved)
	require.EqualValues(t, 2, moved.Newest)
	_, err = b.apply(revision.Proposal{Document: saying(), IfRevision: map[string]int32{shipped: 2}})
	require.NoError(t, err)
	require.Equal(t, "1 wang rain, 2 wang rain, 3 wang rain", b.revisions(), "a person may go back")

	history, err := query.SchemeRevisions(t.Context(), b.pool, shipped, 0, 10)
	require.NoError(t, err)
	require.Len(t, history, 3)
	changed, err := revision.Changed(history[0])
	require.NoError(t, err)
	require.Equal(t, []string{"timing.backoff"}, changed.ChangedKeys)

	file, err := revision.Export(t.Context(), b.pool, nil, 0)
	require.NoError(t, err)
	for _, d := range b.of(file) {
		require.Equal(t, ledger.ChangeNone, d.Change, "what was exported is what there is")
	}
}

// Rule 17 (docs/rules.md): `make run` and `voidrelay up` apply a changed file as an act of their own; a restart
// never brings an old
// revision back.
func TestAChangedFileIsBroughtAndAnOldOneNever(t *testing.T) {
	b := setup(t)
	bring := func(document string) revision.Standing {
		t.Helper()
		schemes, err := scheme.Load([]byte(document), "file")
		require.NoError(t, err)
		brought, err := revision.Bring(t.Context(), b.pool, ledger.Act{Actor: "up", Reason: "changed"}, schemes)
		require.NoError(t, err)
		return brought
	}
	require.Empty(t, bring(saying()).Changed, "it is the newest")
	brought := bring(faster())
	require.Len(t, brought.Changed, 1)
	require.Equal(t, "timing.backoff", revision.Words(brought.Changed[0]))
	require.Equal(t, "1 wang rain, 2 up changed", b.revisions())
	require.Equal(t, revision.Standing{Older: map[string]int32{}}, bring(faster()))

	brought = bring(saying())
	require.Empty(t, brought.Changed)
	require.Equal(t, map[string]int32{shipped: 1}, brought.Older)
	require.Equal(t, "1 wang rain, 2 up changed", b.revisions(), "an old file changes nothing")

	b.retire(shipped)
	require.Equal(t, []string{shipped}, bring(saying("backoff: 1s", "backoff: 3s")).Retired)
	require.Equal(t, "1 wang rain, 2 up changed", b.revisions())
}

// Rule 17 (docs/rules.md): a revision that names orders otherwise must say for which bills, in a file that is applied
// as in one that is brought.
func TestARevisionThatNamesOrdersOtherwiseMustSayForWhichBills(t *testing.T) {
	b := setup(t)
	other := saying("code: WH-HZ01", "code: WH-HZ99")
	require.Empty(t, b.of(other)[shipped].OrderChanges, "it has read nothing yet")
	b.read("sandbox")
	require.Equal(t, []string{"CK001 code WH-HZ01 → WH-HZ99"}, b.of(other)[shipped].OrderChanges)

	_, err := b.apply(revision.Proposal{Document: other})
	var unsaid *ledger.UnsaidError
	require.ErrorAs(t, err, &unsaid)
	require.ErrorContains(t, err, "CK001 code WH-HZ01 → WH-HZ99")
	require.ErrorContains(t, err, "--orders corrected")
	require.ErrorContains(t, err, "--orders from-now")
	schemes, err := scheme.Load([]byte(other), "file")
	require.NoError(t, err)
	brought, err := revision.Bring(t.Context(), b.pool, ledger.Act{Actor: "up", Reason: "changed"}, schemes)
	require.NoError(t, err)
	require.Equal(t, map[string][]string{shipped: {"CK001 code WH-HZ01 → WH-HZ99"}}, brought.Unsaid)
	require.Equal(t, "1 wang rain", b.revisions())

	_, err = b.apply(revision.Proposal{Document: other, Orders: ledger.OrdersFromNow})
	require.NoError(t, err)
	_, err = b.apply(revision.Proposal{Document: saying("order_type: QTRK", "order_type: QTCK"),
		Orders: ledger.OrdersCorrected})
	require.NoError(t, err)
	b.load(saying("order_type: QTRK", "order_type: QTCK", "backoff: 1s", "backoff: 2s"))
	require.Equal(t, "- from_now corrected -", b.rows.Text(`
select string_agg(case orders when '' then '-' else orders end, ' ' order by revision)
from scheme_revision where scheme = '`+shipped+`'`))
}

// Rule 17 (docs/rules.md): a ledger without schemes takes its first file by itself.
func TestOnlyAnEmptyLedgerTakesAFileByItself(t *testing.T) {
	b := setup(t)
	schemes, err := scheme.Load([]byte(faster()), "file")
	require.NoError(t, err)
	first := ledger.Act{Actor: "host-a", Reason: "first"}
	taken, err := revision.TakeFirst(t.Context(), b.pool, first, schemes)
	require.NoError(t, err)
	require.False(t, taken)
	b.rows.Exec(`truncate scheme cascade`)
	taken, err = revision.TakeFirst(t.Context(), b.pool, first, schemes)
	require.NoError(t, err)
	require.True(t, taken)
	require.Equal(t, "1 host-a first", b.revisions())
}

// Rule 17 (docs/rules.md): drafts stand in the ledger, so that two people do not overwrite each other.
func TestTwoPeopleDoNotOverwriteEachOthersDraft(t *testing.T) {
	b := setup(t)
	save := func(actor string, version int64, document string) (draft ledger.SchemeDraft, err error) {
		err = ledger.InTx(t.Context(), b.pool, func(tx pgx.Tx) (err error) {
			act := ledger.Act{Scheme: shipped, Actor: actor}
			draft, err = operate.SaveDraft(t.Context(), tx, act, version, document)
			return err
		})
		return draft, err
	}
	discard := func(version int64) error {
		return ledger.InTx(t.Context(), b.pool, func(tx pgx.Tx) error {
			return operate.DiscardDraft(t.Context(), tx, ledger.Act{Scheme: shipped}, version)
		})
	}
	_, err := query.SchemeDraft(t.Context(), b.pool, shipped)
	require.ErrorIs(t, err, ledger.ErrNotFound)
	first, err := save("wang", 0, "one")
	require.NoError(t, err)
	require.EqualValues(t, 1, first.Revision)
	var moved *ledger.DraftError
	_, err = save("li", 0, "mine")
	require.ErrorAs(t, err, &moved)
	require.Equal(t, ledger.DraftError{Version: 1, Actor: "wang"}, *moved)
	second, err := save("li", first.Version, "two")
	require.NoError(t, err)
	require.ErrorAs(t, discard(first.Version), &moved)
	kept, err := query.SchemeDraft(t.Context(), b.pool, shipped)
	require.NoError(t, err)
	require.Equal(t, "two by li", kept.Document+" by "+kept.Actor)
	require.NoError(t, discard(second.Version))
	_, err = save("wang", second.Version, "three")
	require.ErrorAs(t, err, &moved, "it was discarded")
	require.Zero(t, moved.Version)
}

// Rule 3 (docs/rules.md): a scheme that could own an order of one which the file does not name is refused by both
// names.
func TestASchemeThatCouldOwnAnOrderOfAStoredOneIsRefused(t *testing.T) {
	b := setup(t)
	_, err := b.apply(revision.Proposal{Document: saying(shipped, "third")})
	var refused *ledger.RefusedError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "third", refused.Scheme)
	require.Contains(t, refused.Why, shipped)
	require.Empty(t, b.rows.Text(`select coalesce(string_agg(scheme, ''), '') from scheme where scheme = 'third'`))
}
