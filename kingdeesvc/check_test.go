package kingdeesvc_test

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// findings runs the thorough check and answers its results by question, without those about forms that nobody asked
// about.
func findings(t *testing.T, b *bundle, organizations ...string) map[string]*kingdeev1.CheckFinding {
	t.Helper()
	byID := findingsOf(t, b, formID, &kingdeev1.CheckConnectionRequest{OrganizationNumbers: organizations})
	require.Len(t, byID, 13)
	return byID
}

// findingsOf are the results about a form and about none, by question; an open key's by its own name.
func findingsOf(
	t *testing.T, b *bundle, of string, req *kingdeev1.CheckConnectionRequest,
) map[string]*kingdeev1.CheckFinding {
	t.Helper()
	req.Thorough = true
	got, err := b.client.CheckConnection(t.Context(), req)
	require.NoError(t, err)
	byID := map[string]*kingdeev1.CheckFinding{}
	for _, f := range got.GetFindings() {
		if f.GetFormId() == "" || f.GetFormId() == of {
			id := f.GetId()
			if id == "open_key" {
				_, id, _ = strings.Cut(f.GetFoundEn(), ", which is ")
				id, _, _ = strings.Cut(id, ":")
			}
			require.NotContains(t, byID, id)
			byID[id] = f
		}
		require.NotEmpty(t, f.GetFoundZh(), f.GetId())
		require.NotEmpty(t, f.GetFoundEn(), f.GetId())
		bad := f.GetResult() == kingdeev1.CheckResult_CHECK_RESULT_WARNING ||
			f.GetResult() == kingdeev1.CheckResult_CHECK_RESULT_FAILED
		require.Equal(t, bad, f.GetAdviceZh() != "", "%s: advice exactly where something is wrong", f.GetId())
		require.Equal(t, bad, f.GetAdviceEn() != "", "%s: advice exactly where something is wrong", f.GetId())
	}
	return byID
}

// requireResults holds the questions that are named against what was found; all others must be OK.
func requireResults(t *testing.T, got map[string]*kingdeev1.CheckFinding, not map[string]kingdeev1.CheckResult) {
	t.Helper()
	for _, id := range slices.Sorted(maps.Keys(got)) {
		want, named := not[id]
		if !named {
			want = kingdeev1.CheckResult_CHECK_RESULT_OK
		}
		require.Equal(t, want, got[id].GetResult(), "%s: %s", id, got[id].GetFoundEn())
	}
}

const (
	skipped = kingdeev1.CheckResult_CHECK_RESULT_SKIPPED
	warning = kingdeev1.CheckResult_CHECK_RESULT_WARNING
	failed  = kingdeev1.CheckResult_CHECK_RESULT_FAILED
)

func TestAThoroughCheckOfAGoodServer(t *testing.T) {
	b := setup(t, nil, func(c *sandbox.Config) { c.Seed = sample.DefaultSeed })
	logins := b.vendor.Calls()["loginbysign"]
	got := findings(t, b, "100", "200")
	requireResults(t, got, map[string]kingdeev1.CheckResult{"second_login": skipped})
	require.Contains(t, got["fields"].GetFoundEn(), "40 of 40")
	require.Contains(t, got["bills"].GetFoundEn(), "100: ")
	require.Equal(t, logins, b.vendor.Calls()["loginbysign"], "no second login from a running service")
}

func TestAThoroughCheckNamesWhatIsOdd(t *testing.T) {
	b := setup(t, map[string]string{"KINGDEE_TIME_ZONE": "Asia/Tokyo"}, func(c *sandbox.Config) {
		c.Seed = sample.DefaultSeed
		c.Personality = behaviour.Personality{NoRowType: true, HiddenOrgs: []string{"200"}, CancelDateOnly: true}
		c.Now = func() time.Time { return time.Now().Add(3 * time.Minute) }
	})
	got := findings(t, b, "100", "200")
	requireResults(t, got,
		map[string]kingdeev1.CheckResult{"second_login": skipped, "zone": warning, "clock": warning, "bills": warning})
	require.Contains(t, got["zone"].GetAdviceEn(), "+08:00")
	require.Contains(t, got["bills"].GetFoundEn(), "organisation 200 has none")
	require.Contains(t, got["bills"].GetAdviceZh(), "数据权限")
	require.Contains(t, got["fields"].GetFoundEn(), "missing: FRowType")
}

// check said that whole bills cannot be read, and the service read them without the key.
func TestAKeyThatBillsAreReadWithoutIsNoFailure(t *testing.T) {
	b := setup(t, map[string]string{"KINGDEE_LCID": "1033"}, func(c *sandbox.Config) {
		c.Seed, c.Personality = sample.DefaultSeed, behaviour.Personality{MissingKeys: []string{"FLOT", "FMTONO"}}
	})
	got := findings(t, b, "100")
	require.Equal(t, kingdeev1.CheckResult_CHECK_RESULT_OK, got["fields"].GetResult())
	require.Contains(t, got["fields"].GetFoundEn(), "missing: FMTONO, FLOT.FNumber")

	b = setup(t, nil, func(c *sandbox.Config) {
		c.Seed, c.Personality = sample.DefaultSeed, behaviour.Personality{MissingKeys: []string{"FStockID"}}
	})
	require.Equal(t, failed, findings(t, b, "100")["fields"].GetResult())
}

func TestAnEmptyServerIsSuspicious(t *testing.T) {
	b := setup(t, nil, nil)
	requireResults(t, findings(t, b),
		map[string]kingdeev1.CheckResult{"second_login": skipped, "bills": warning, "dates": skipped, "view": skipped})
}

func TestAThoroughCheckOfAServerThatIsNotThere(t *testing.T) {
	b := setup(t, map[string]string{"KINGDEE_BASE_URL": "http://127.0.0.1:1", noWait: "1"}, nil)
	got := findings(t, b)
	require.Equal(t, failed, got["reach"].GetResult())
	require.Equal(t, failed, got["login"].GetResult())
	require.Equal(t, skipped, got["bills"].GetResult())
	require.Contains(t, got["reach"].GetAdviceEn(), "KINGDEE_BASE_URL")
}

func TestExamineTellsWhetherASecondLoginThrowsTheFirstOut(t *testing.T) {
	for alone, want := range map[bool]string{false: "leaves the first one alone", true: "throws the first one out"} {
		vendor, err := sandbox.Start(t.Context(),
			sandbox.Config{Personality: behaviour.Personality{OneSessionPerUser: alone}})
		require.NoError(t, err)
		cfg, err := load(environment(vendor.URL()))
		require.NoError(t, err)
		var out bytes.Buffer
		require.NoError(t,
			kingdeesvc.Examine(t.Context(), cfg, kingdeesvc.ExamineOptions{Language: "en", SecondLogin: true}, &out))
		require.Contains(t, out.String(), want)
		require.NotContains(t, out.String(), "通过")
		require.Zero(t, vendor.Sessions())
		require.NoError(t, vendor.Stop(context.Background()))
	}
}

// Where sessions end by themselves a second login was blamed for it.
func TestExamineDoesNotBlameASecondLoginForSessionsThatEndByThemselves(t *testing.T) {
	clock := &stepClock{}
	vendor, err := sandbox.Start(t.Context(),
		sandbox.Config{Now: clock.now, Personality: behaviour.Personality{SessionLifeSeconds: 3, SignatureMinutes: -1}})
	require.NoError(t, err)
	defer func() { require.NoError(t, vendor.Stop(context.Background())) }()
	cfg, err := load(environment(vendor.URL()))
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t,
		kingdeesvc.Examine(t.Context(), cfg, kingdeesvc.ExamineOptions{Language: "en", SecondLogin: true}, &out))
	require.Contains(t, out.String(), "sessions get lost by themselves")
	require.NotContains(t, out.String(), "throws the first one out")
}

func TestExamineOfAWrongDataCentreFails(t *testing.T) {
	vendor, err := sandbox.Start(t.Context(), sandbox.Config{})
	require.NoError(t, err)
	defer func() { require.NoError(t, vendor.Stop(context.Background())) }()
	settings := environment(vendor.URL())
	settings["KINGDEE_ACCT_ID"] = "elsewhere"
	cfg, err := load(settings)
	require.NoError(t, err)
	var out bytes.Buffer
	require.ErrorIs(t, kingdeesvc.Examine(t.Context(), cfg, kingdeesvc.ExamineOptions{Language: "zh"}, &out),
		kingdeesvc.ErrCheckFailed)
	require.Contains(t, out.String(), "[失败] 数据中心：服务器上没有 elsewhere；有："+sandbox.DefaultAcctID)
}
