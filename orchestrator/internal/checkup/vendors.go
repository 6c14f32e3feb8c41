package checkup

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

const (
	// thoroughWithin bounds Kingdee's thorough check: some twenty calls of a server that may be slow.
	thoroughWithin = 3 * time.Minute
	// quickWithin bounds a call that makes one of the vendor's.
	quickWithin = 20 * time.Second
)

// kingdeeSaid is what kingdeesvc answered.
type kingdeeSaid struct {
	findings []Finding
	// account is nil when kingdeesvc did not answer.
	account *kingdeev1.Account
	// vendorAhead is Kingdee's clock less that of kingdeesvc; hostAhead kingdeesvc's less ours.
	vendorAhead, hostAhead *time.Duration
}

var kingdeeTitle = say("金蝶适配服务", "Kingdee adapter")

func (r *run) askKingdee(ctx context.Context) (said kingdeeSaid) {
	if r.Kingdee == nil {
		said.findings = []Finding{skipped("kingdee.adapter", kingdeeTitle, r.Without)}
		return said
	}
	thorough, cancel := context.WithTimeout(ctx, thoroughWithin)
	defer cancel()
	answer, err := r.Kingdee(thorough, r.kingdeeRequest())
	if err != nil {
		said.findings = []Finding{adapterFailed("kingdee.adapter", kingdeeTitle, err, "kingdeesvc", "KINGDEESVC_TARGET",
			r.KingdeeAt)}
		return said
	}
	said.findings = append(said.findings, adapterAnswered("kingdee.adapter", kingdeeTitle, r.KingdeeAt))
	for _, f := range answer.GetFindings() {
		said.findings = append(said.findings, kingdeeFinding(f))
	}
	said.account = answer.GetAccount()
	said.vendorAhead = aheadOf(answer.GetVendorTime(), answer.GetServiceTime())
	if r.KingdeeAt == "" || said.vendorAhead == nil {
		// Where the vendor gave no time, one more call would only be one more failed login.
		return said
	}
	quick, cancel := context.WithTimeout(ctx, quickWithin)
	defer cancel()
	if answer, err := r.Kingdee(quick, &kingdeev1.CheckConnectionRequest{}); err == nil {
		said.hostAhead = aheadOfUs(answer.GetServiceTime())
	}
	return said
}

// kingdeeRequest asks about the forms of the schemes, with the keys that they give.
func (r *run) kingdeeRequest() *kingdeev1.CheckConnectionRequest {
	request := &kingdeev1.CheckConnectionRequest{Thorough: true}
	for _, s := range r.schemes {
		form := &kingdeev1.CheckedForm{FormId: s.Form, Keys: s.Keys}
		same := func(f *kingdeev1.CheckedForm) bool {
			return f.GetFormId() == form.GetFormId() && equalKeys(f.GetKeys(), form.GetKeys())
		}
		if !slices.ContainsFunc(request.Forms, same) && len(request.Forms) < 10 {
			request.Forms = append(request.Forms, form)
		}
		for _, organisation := range s.Organisations {
			if !slices.Contains(request.OrganizationNumbers, organisation) && len(request.OrganizationNumbers) < 100 {
				request.OrganizationNumbers = append(request.OrganizationNumbers, organisation)
			}
		}
	}
	return request
}

func equalKeys(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for name, key := range a {
		if b[name] != key {
			return false
		}
	}
	return true
}

var kingdeeResults = map[kingdeev1.CheckResult]Result{
	kingdeev1.CheckResult_CHECK_RESULT_OK: OK, kingdeev1.CheckResult_CHECK_RESULT_SKIPPED: Skipped,
	kingdeev1.CheckResult_CHECK_RESULT_WARNING: Warning, kingdeev1.CheckResult_CHECK_RESULT_FAILED: Failed,
}

func kingdeeFinding(f *kingdeev1.CheckFinding) Finding {
	return Finding{
		ID: "kingdee." + f.GetId(), About: f.GetFormId(), Result: cmp.Or(kingdeeResults[f.GetResult()], Warning),
		Title: Text{f.GetTitleZh(), f.GetTitleEn()},
		Found: Text{f.GetFoundZh(), f.GetFoundEn()}, Advice: Text{f.GetAdviceZh(), f.GetAdviceEn()},
	}
}

// wmsSaid is what wmssvc answered about one account.
type wmsSaid struct {
	// name is the account's, empty for the default account.
	name     string
	findings []Finding
	account  *wmsv1.Account
	// vendorAhead is the WMS's clock less that of wmssvc; hostAhead wmssvc's less ours.
	vendorAhead, hostAhead *time.Duration
}

var (
	wmsTitle     = say("旺店通适配服务", "WMS adapter")
	accountTitle = say("旺店通账号", "WMS account")
	wmsTLSTitle  = say("旺店通加密", "WMS encryption")
)

// askWMS asks about all accounts at once: each has a WMS, or at least a pace, of its own.
func (r *run) askWMS(ctx context.Context) []wmsSaid {
	if r.WMS == nil {
		return []wmsSaid{{findings: []Finding{skipped("wms.adapter", wmsTitle, r.Without)}}}
	}
	accounts := r.accounts()
	all := make([]wmsSaid, len(accounts))
	var asking sync.WaitGroup
	for i, name := range accounts {
		asking.Go(func() { all[i] = r.askAccount(ctx, name) })
	}
	asking.Wait()
	return append(all, r.askMayCancel(ctx)...)
}

// askMayCancel finds a wmssvc that answers the harmless call, which any viewer may make, and would refuse a cancel.
func (r *run) askMayCancel(ctx context.Context) []wmsSaid {
	if r.MayCancel == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, quickWithin)
	defer cancel()
	err := r.MayCancel(ctx)
	if status.Code(err) != codes.PermissionDenied {
		return nil
	}
	return []wmsSaid{{findings: []Finding{failed("wms.callers", say("旺店通调用方", "WMS callers"),
		same(status.Convert(err).Message()),
		say("把编排服务的名称（ADAPTER_TOKEN 的持有人，或证书名）加入 wmssvc 的 WMS_CALLERS，并重启 wmssvc",
			"add the orchestrator's name, of ADAPTER_TOKEN or of its certificate, to WMS_CALLERS of wmssvc, and "+
				"restart wmssvc"))}}}
}

func (r *run) askAccount(ctx context.Context, name string) wmsSaid {
	said := wmsSaid{name: name}
	ctx, cancel := context.WithTimeout(ctx, quickWithin)
	defer cancel()
	shown := cmp.Or(name, "default")
	answer, err := r.WMS(ctx, name)
	if apierr.HasReason(err, apierr.WMS, wmsv1.ErrorReason_ERROR_REASON_ACCOUNT_UNKNOWN) {
		said.findings = []Finding{failed("wms.account", accountTitle,
			say("wmssvc 没有账号 %s，而方案用到它", "wmssvc has no account %s, and a scheme names it", shown),
			say("在 WMS_ACCOUNTS_FILE 中加入账号 %s，或改正方案 warehouses 里的 account",
				"add the account %s to WMS_ACCOUNTS_FILE, or correct the account in the scheme's warehouses", shown),
		).about(shown)}
		return said
	}
	if err != nil {
		said.findings = []Finding{
			adapterFailed("wms.adapter", wmsTitle, err, "wmssvc", "WMSSVC_TARGET", r.WMSAt).about(shown),
		}
		return said
	}
	said.account = answer.GetAccount()
	said.vendorAhead = aheadOf(answer.GetVendorTime(), answer.GetServiceTime())
	if r.WMSAt != "" {
		said.hostAhead = aheadOfUs(answer.GetServiceTime())
	}
	for _, f := range answer.GetFindings() {
		said.findings = append(said.findings, wmsFinding(f).about(shown))
	}
	return said
}

var wmsResults = map[wmsv1.CheckResult]Result{
	wmsv1.CheckResult_CHECK_RESULT_OK: OK, wmsv1.CheckResult_CHECK_RESULT_WARNING: Warning,
	wmsv1.CheckResult_CHECK_RESULT_FAILED: Failed,
}

func wmsFinding(f *wmsv1.CheckFinding) Finding {
	title := accountTitle
	if f.GetId() == "tls" {
		title = wmsTLSTitle
	}
	return Finding{
		ID: "wms." + f.GetId(), Title: title, Result: cmp.Or(wmsResults[f.GetResult()], Warning),
		Found: Text{f.GetFoundZh(), f.GetFoundEn()}, Advice: Text{f.GetAdviceZh(), f.GetAdviceEn()},
	}
}

func adapterAnswered(id string, title Text, at string) Finding {
	if at == "" {
		return ok(id, title, say("没有在运行，在本进程内检查", "does not run here; asked in this process"))
	}
	return ok(id, title, say("%s 有应答", "%s answers", at))
}

// adapterFailed is for an adapter that gave no answer.
func adapterFailed(id string, title Text, err error, service, setting, at string) Finding {
	found := same(status.Convert(err).Message())
	if at != "" {
		found = say("%s：%s", "%s: %s", at, status.Convert(err).Message())
	}
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded:
		return failed(id, title, found, say("启动 %[1]s，并核对 %[2]s、防火墙和证书（ADAPTER_CA_FILE）",
			"start %[1]s, and check %[2]s, the firewall and the certificates (ADAPTER_CA_FILE)", service, setting))
	case codes.Unauthenticated, codes.PermissionDenied:
		return failed(id, title, found, say("核对 ADAPTER_TOKEN，它必须在 %[1]s 的 AUTH_CALLERS_FILE 里",
			"check ADAPTER_TOKEN: %[1]s must have it in its AUTH_CALLERS_FILE", service))
	case codes.InvalidArgument:
		return failed(id, title, found, say("改正方案的 form 或 kingdee.keys", "correct the scheme's form or kingdee.keys"))
	}
	return failed(id, title, found, say("查看 %s 的日志，或运行 `%s check`", "look at the log of %s, or run `%s check`",
		service, service))
}

// environmentFindings compares what both vendors are.
func (r *run) environmentFindings() []Finding {
	title := say("环境", "Environment")
	kingdee, told := r.environment()
	if !told {
		return []Finding{skipped("environment", title,
			say("不知道金蝶是正式还是沙箱", "it is not known whether Kingdee is a real server"))}
	}
	var findings []Finding
	for _, said := range r.wms {
		wms := wmsEnvironment(said.account)
		switch {
		case wms == "":
		case wms == kingdee:
			findings = append(findings, ok("environment", title, say("两边都是 %s", "both vendors are %s",
				kingdee)).about(said.account.GetName()))
		default:
			findings = append(findings, failed("environment", title,
				say("金蝶是 %s，旺店通是 %s", "Kingdee is %s and the WMS is %s", kingdee, wms),
				say("正式和沙箱不能混用：改 KINGDEE_BASE_URL 或 WMS_URL，使两边都是正式或都是沙箱",
					"a real vendor and a sandbox never mix: correct KINGDEE_BASE_URL or WMS_URL so that both are real "+
						"or both are sandboxes")).about(said.account.GetName()))
		}
	}
	if len(findings) == 0 {
		return []Finding{skipped("environment", title,
			say("不知道旺店通是正式还是沙箱", "it is not known whether the WMS is a real one"))}
	}
	return findings
}

// environment is what Kingdee is, where it told.
func (r *run) environment() (scheme.Environment, bool) {
	switch r.kingdee.account.GetEnvironment() {
	case kingdeev1.Environment_ENVIRONMENT_REAL:
		return scheme.Real, true
	case kingdeev1.Environment_ENVIRONMENT_SANDBOX:
		return scheme.Sandbox, true
	}
	return "", false
}

func wmsEnvironment(account *wmsv1.Account) scheme.Environment {
	switch account.GetEnvironment() {
	case wmsv1.Environment_ENVIRONMENT_REAL:
		return scheme.Real
	case wmsv1.Environment_ENVIRONMENT_SANDBOX:
		return scheme.Sandbox
	}
	return ""
}
