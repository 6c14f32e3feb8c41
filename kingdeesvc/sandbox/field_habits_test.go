package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
)

func TestRowsCanBeCounted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 5 {
		b.audited(fmt.Sprintf("C%d", i))
	}
	require.Equal(t, `[[5]]`, b.ask(map[string]any{"FieldKeys": "COUNT(1)", "Limit": 2}).body)
	require.Equal(t, `[[2]]`,
		b.ask(map[string]any{"FieldKeys": "count(*)", "FilterString": "FBillNo in ('C1','C3')", "StartRow": 1}).body)
	require.Equal(t, `[[0]]`, b.ask(map[string]any{"FieldKeys": "COUNT( 1 )", "FilterString": "FBillNo = 'none'"}).body)
}

func TestViewHasAnIDBesideEachReference(t *testing.T) {
	t.Parallel()
	b := setup(t)
	bill := b.audited("V1", books.Line{Goods: books.Goods{Material: "CP.TZ.010", Qty: "2", Stock: "CK001"}})
	var view struct {
		Result struct {
			Result struct {
				StockOrgId          struct{ Id int64 } //nolint:revive // the vendor's spelling
				StockOrgId_Id       int64              //nolint:revive // the vendor's spelling
				DeptID_Id           int64              //nolint:revive // the vendor's spelling
				STK_ASSEMBLYPRODUCT []map[string]any   //nolint:revive // the vendor's spelling
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(b.view(fmt.Sprint(bill.ID)).body), &view))
	found := view.Result.Result
	require.NotZero(t, found.StockOrgId.Id)
	require.Equal(t, found.StockOrgId.Id, found.StockOrgId_Id)
	require.Contains(t, found.STK_ASSEMBLYPRODUCT[0], "StockID_Id")
}

func TestMessagesComeInTheLanguageOfTheLogin(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for lcid, want := range map[string]string{
		"1033": "identifier is FNope", "3076": "標識為FNope的欄位", "2052": "标识为FNope的字段",
	} {
		answer, _ := b.loginWith("ValidateUser", fmt.Sprintf(`{"acctID":%q,"username":%q,`+
			`"password":"sandbox-password","lcid":%s}`, sandbox.DefaultAcctID, sandbox.DefaultUsername, lcid))
		b.session = answer.KDSVCSessionId
		require.Contains(t, b.ask(map[string]any{"FieldKeys": "FNope"}).body, want)
	}
}

func TestEveryAnswerSetsItsCookiesUnlessToldOtherwise(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.Contains(t, strings.Join(b.ask(map[string]any{"FieldKeys": "FID"}).header.Values("Set-Cookie"), "; "),
		"kdservice-sessionid="+b.session)
	b.server.SetPersonality(behaviour.Personality{CookiesAtLoginOnly: true})
	require.Empty(t, b.ask(map[string]any{"FieldKeys": "FID"}).header.Values("Set-Cookie"))
}

func TestBehindABalancerOnlyItsCookieFindsTheNode(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *sandbox.Config) { c.Personality.Nodes = 2 })
	r := b.post(authService+"ValidateUser.common.kdsvc", passwordLogin("sandbox-password"))
	answer := struct{ KDSVCSessionId string }{} //nolint:revive // the vendor's spelling
	require.NoError(t, json.Unmarshal([]byte(r.body), &answer))
	node := ""
	for _, line := range r.header.Values("Set-Cookie") {
		if cookie, err := http.ParseSetCookie(line); err == nil && cookie.Name == "SERVERID" {
			node = cookie.Value
		}
	}
	require.NotEmpty(t, node)
	ask := func(cookie string) string {
		return b.post(queryService+"ExecuteBillQuery.common.kdsvc",
			`{"data":{"FormId":"STK_AssembledApp","FieldKeys":"FID"}}`,
			"kdservice-sessionid", answer.KDSVCSessionId, "Cookie", cookie).body
	}
	lost := 0
	for range 4 {
		require.Equal(t, `[]`, ask("SERVERID="+node))
		if ask("") == lostRows {
			lost++
		}
	}
	require.Equal(t, 2, lost, "without the cookie every other call reaches the other node")
}

func TestSessionsMayEndInUse(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *sandbox.Config) { c.Personality.SessionLifeSeconds = 3 })
	b.rows("FID", "", "")
	b.clock.advance(2 * time.Second)
	b.rows("FID", "", "")
	b.clock.advance(time.Second)
	require.Equal(t, lostRows, b.ask(map[string]any{"FieldKeys": "FID"}).body)
	b.server.SetPersonality(behaviour.Personality{
		LostAnswer: "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: x\r\n\r\nsign in",
	})
	r := b.ask(map[string]any{"FieldKeys": "FID"})
	require.Equal(t, []any{401, "sign in", "x"}, []any{r.status, r.body, r.header.Get("WWW-Authenticate")})
}

func TestStampsMayBeAheadOfTheClockOrBehind(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.server.SetPersonality(behaviour.Personality{StampShiftSeconds: -180})
	require.Equal(t, b.clock.now().Add(-3*time.Minute).UTC(), b.audited("S1").ApproveDate.UTC())
	b.server.SetPersonality(behaviour.Personality{StampShiftSeconds: 3600})
	require.Equal(t, b.clock.now().Add(time.Hour).UTC(), b.audited("S2").ApproveDate.UTC())
}

func TestADataCentreMayBeRestoredFromAnOlderCopy(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.control("POST", "copy/restore", "", 404, nil)
	first := b.audited("K1")
	b.control("POST", "copy", "", 200, nil)
	_, err := b.server.UnauditAndVoid(t.Context(), "K1")
	require.NoError(t, err)
	second := b.audited("K2")
	b.control("POST", "copy/restore", "", 200, nil)
	require.Equal(t, [][]any{{"K1", "C", "A"}}, b.rows("FBillNo,FDocumentStatus,FCancelStatus", "", ""))
	require.Equal(t, second.ID, b.audited("K3").ID, "ids are given again")
	require.NotEqual(t, first.ID, second.ID)
}

func TestPartOfAnOrganisationMayBeHidden(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 40 {
		b.audited(fmt.Sprintf("H%02d", i))
	}
	org := b.rows("FStockOrgId.FNumber", "", "")[0][0].(string)
	b.server.SetPersonality(behaviour.Personality{HiddenParts: map[string]float64{org: 0.5}})
	shown := b.rows("FID", "", "FID ASC")
	require.Greater(t, len(shown), 10)
	require.Less(t, len(shown), 30)
	require.Equal(t, shown, b.rows("FID", "", "FID ASC"), "always the same ones")
}

// A page of another site that somebody had open could empty the sandbox.
func TestControlIsForThisMachineAndNoOtherSitesPage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.audited("X1")
	call := func(change func(*http.Request)) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.server.URL()+"/control/reset", nil)
		require.NoError(t, err)
		change(request)
		response, err := b.client.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.StatusCode
	}
	require.Equal(t, 403, call(func(r *http.Request) { r.Header.Set("Origin", "https://elsewhere.example") }))
	require.Equal(t, 403, call(func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }))
	require.Equal(t, 403, call(func(r *http.Request) { r.Host = "elsewhere.example" }),
		"a name that was given this machine's address")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.server.URL()+"/control/bills", nil)
	require.NoError(t, err)
	request.Header.Set("Sec-Fetch-Site", "same-site")
	response, err := b.client.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, 403, response.StatusCode, "it may not look either")
	require.Len(t, b.rows("FID", "", ""), 1, "nothing happened")
	require.Equal(t, 200, call(func(r *http.Request) { r.Host = "localhost:7491" }))

	open := talkTo(t, startServer(t, sandbox.Config{OpenControl: true}), b.clock)
	b.server = open.server
	require.Equal(t, 200, call(func(r *http.Request) { r.Host = "erp-sandbox.internal" }))
	require.Equal(t, 403, call(func(r *http.Request) { r.Header.Set("Origin", "https://elsewhere.example") }))
}

func TestASwitchThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, body := range []string{
		`{"odd_logins":["nonsense"]}`, `{"lost_answer":"nonsense"}`, `{"hidden_parts":{"100":7}}`, `{"nonsense":1}`,
	} {
		b.control("PUT", "personality", body, 400, nil)
	}
	require.Equal(t, behaviour.Personality{}, b.server.Personality())
}
