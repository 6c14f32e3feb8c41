package process

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// within5s is how soon all hosts work by a new revision.
const within5s = 5 * time.Second

// saying is the shipped schemes file with another reason for each cancel.
func saying(reason string) string {
	return strings.ReplaceAll(string(scheme.ShippedDocument()), "金蝶作废", reason)
}

// fileOf is a host's schemes file that says this.
func fileOf(t *testing.T, document string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "schemes.yaml")
	require.NoError(t, os.WriteFile(file, []byte(document), 0o600))
	return file
}

// hostSettings are those of a host of this name with this file.
func hostSettings(name, file string) map[string]string {
	settings := map[string]string{"SCHEMES_FILE": file, "ORCHESTRATOR_HOST_NAME": name}
	for key, value := range soon() {
		settings[key] = value
	}
	return settings
}

func apply(ctx context.Context, t *testing.T, client *install.Client, document string) *orchestratorv1.SchemeDiff {
	t.Helper()
	answer, err := client.Schemes.ApplySchemes(ctx, &orchestratorv1.ApplySchemesRequest{
		Document: document, Reason: "test",
	})
	require.NoError(t, err)
	require.Len(t, answer.GetSchemes(), 1)
	return answer.GetSchemes()[0]
}

// differs is whether a host says that its file is not what the ledger works by.
func (l kept) differs(host string) bool {
	return l.is(fmt.Sprintf(`exists (
select from condition where kind = 'scheme_file_differs' and host = '%s' and end_time is null
  and not blocks_reading and not blocks_sending)`, host))
}

// voided voids so many bills that were seen live, one after the other, and answers how long the slowest took until its
// orders were cancelled with this reason.
func (w *town) voided(ctx context.Context, client *install.Client, l kept, count int, reason string) time.Duration {
	w.t.Helper()
	numbers, err := w.vendors.Kingdee.Bulk(ctx, books.Bulk{Count: count, Stocks: []string{"CK001"}})
	require.NoError(w.t, err)
	require.NoError(w.t, client.Run(ctx))
	var slowest time.Duration
	for _, number := range numbers {
		begun := time.Now()
		require.NoError(w.t, w.vendors.Kingdee.VoidMany(ctx, []string{number}))
		await(w.t, time.Minute, number+" is cancelled, for this reason: "+reason, func() bool {
			return l.is(fmt.Sprintf(`exists (
select from cancellation_now where bill_no = '%s' and state = 'done' and cancel_reason like '%s %%')`, number, reason))
		})
		slowest = max(slowest, time.Since(begun))
	}
	return slowest
}

// Rule 17 (docs/rules.md): no restart brings an old revision back; a host whose file differs says so and works on.
//
// Host a is killed and restarted with an old file, which made it the newest; host b with the good one then did nothing
// for ever, and looked healthy.
func TestARestartWithAnOldFileBringsNoOldRevisionBack(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	l := w.ledger()
	old, good := fileOf(t, saying("旧")), fileOf(t, saying("新"))
	a, client := w.named("a", hostSettings("host-a", old))
	require.NoError(t, client.Baseline(ctx))
	require.Equal(t, "host-a", l.text(`select actor from scheme_revision`),
		"an empty ledger takes its first file by itself")
	require.EqualValues(t, 2, apply(ctx, t, client, saying("新")).GetNextRevision())
	b, _ := w.named("b", hostSettings("host-b", good))
	a.Kill()
	_, client = w.named("a", hostSettings("host-a", old))
	await(t, within5s, "the host with the old file says so", func() bool { return l.differs("host-a") })
	require.Equal(t, "2", l.text(`select revision::text from scheme`))
	require.Equal(t, "2", l.text(`select count(*)::text from scheme_revision`), "a restart makes none")
	w.voided(ctx, client, l, 2, "新")
	require.False(t, l.differs("host-b"))

	b.Kill()
	w.voided(ctx, client, l, 2, "新") // the one with the old file works on alone
	require.NoError(t, os.WriteFile(old, []byte(saying("新")), 0o600))
	await(t, 2*within5s, "it has nothing to say once its file is that of the ledger", func() bool {
		return !l.differs("host-a")
	})
	_, client = w.named("b", hostSettings("host-b", good))
	w.settled(ctx, client, l)
}

// Rule 17 (docs/rules.md): all hosts work by the newest revision within seconds, without a restart.
func TestAllHostsWorkByTheNewestRevisionWithinSeconds(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	l := w.ledger()
	file := fileOf(t, saying("一"))
	_, client := w.named("a", hostSettings("host-a", file))
	require.NoError(t, client.Baseline(ctx))
	b, other := w.named("b", hostSettings("host-b", file))
	for _, reason := range []string{"二", "三"} {
		apply(ctx, t, client, saying(reason))
		waitOut(ctx, within5s)
		w.voided(ctx, other, l, 3, reason)
	}
	require.True(t, l.differs("host-a") && l.differs("host-b"), "both files are the first")
	require.Equal(t, orchestratorv1.SchemeChange_SCHEME_CHANGE_NONE, apply(ctx, t, client, saying("三")).GetChange())
	require.Equal(t, "3", l.text(`select count(*)::text from scheme_revision`), "equal content makes no revision")

	// A scheme that is new is read, and a retired one is not, also by a host that does not even have them in its file.
	// Its warehouses are others, or the two could own one order.
	apply(ctx, t, client, strings.NewReplacer("assembly-void", "second", "WH-", "W2-").Replace(saying("四")))
	await(t, time.Minute, "the new scheme has its baseline", func() bool {
		return l.is(`exists (select from watermark where scheme = 'second')`)
	})
	retired, err := client.Schemes.RetireScheme(ctx, &orchestratorv1.RetireSchemeRequest{
		Scheme: "second", Reason: "test",
	})
	require.NoError(t, err)
	require.Zero(t, retired.GetCancellationCount())
	waitOut(ctx, within5s)
	before := l.text(`select last_run_time::text from watermark where scheme = 'second'`)
	b.Kill()
	w.voided(ctx, client, l, 1, "三")
	require.Equal(t, before, l.text(`select last_run_time::text from watermark where scheme = 'second'`))
}

// Rule 17 (docs/rules.md): while two hosts with differing files live, no job is dropped: each void is cancelled at
// once.
// Whichever host took a job of the other's revision had dropped it, and a void took 20 s instead of one.
func TestNoJobIsDroppedByAHostForItsFile(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	l := w.ledger()
	_, client := w.named("a", hostSettings("host-a", fileOf(t, saying("一"))))
	require.NoError(t, client.Baseline(ctx))
	_, other := w.named("b", hostSettings("host-b", fileOf(t, saying("二"))))
	await(t, within5s, "the second host says that its file differs", func() bool { return l.differs("host-b") })
	slowest := w.voided(ctx, other, l, 8, "一")
	t.Logf("the slowest of 8 took %s from void to cancelled", slowest.Round(10*time.Millisecond))
	require.Less(t, slowest, within5s)
}

// waitOut waits for a time in which nothing is to be seen.
func waitOut(ctx context.Context, d time.Duration) {
	over := time.NewTimer(d)
	defer over.Stop()
	select {
	case <-over.C:
	case <-ctx.Done():
	}
}

// Rule 17 (docs/rules.md): all hosts work by the newest revision. One whose program is older than what made it left the
// scheme alone, and only its log said so.
func TestAHostThatCannotReadTheNewestRevisionSaysSo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	l := w.ledger()
	_, client := w.named("a", hostSettings("host-a", fileOf(t, saying("新"))))
	require.NoError(t, client.Baseline(ctx))
	// What a program of later would write: a key that this one does not know.
	l.do(`
with later as (
    insert into scheme_revision (scheme, revision, content_hash, document)
    select scheme, 2, 'later', replace(document, '    triggers:', E'    later: 1\n    triggers:') from scheme_revision
)
update scheme set revision = 2`)
	says := func() bool {
		answer, err := client.Work.ListConditions(ctx, &orchestratorv1.ListConditionsRequest{})
		require.NoError(t, err)
		for _, c := range answer.GetConditions() {
			if c.GetKind() == "scheme_unreadable" && c.GetEndTime() == nil {
				require.Equal(t, "host-a", c.GetHost())
				require.Equal(t, "assembly-void (revision 2; 第 2 版)", c.GetDetail())
				return true
			}
		}
		return false
	}
	await(t, 2*within5s, "the host says that it cannot read it", says)
	l.do(`
with again as (
    insert into scheme_revision (scheme, revision, content_hash, document)
    select scheme, 3, 'again', document from scheme_revision where revision = 1
)
update scheme set revision = 3`)
	await(t, 2*within5s, "it can read the next one", func() bool { return !says() })
	w.voided(ctx, client, l, 1, "新")
}
