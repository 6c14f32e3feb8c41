package checkup

import (
	"errors"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// mostProblems is how many faults of a scheme file are told.
const mostProblems = 20

var (
	schemesTitle     = say("方案文件", "Scheme file")
	examplesTitle    = say("方案适用", "Scheme")
	dataCentreTitle  = say("方案账套", "Scheme's data centre")
	standingTitle    = say("方案状态", "Scheme's standing")
	warehousesTitle  = say("未映射仓库", "Warehouses not mapped")
	schemeFileAdvice = say("改正 SCHEMES_FILE 所指的文件；`voidrelay scheme check FILE` 可以单独检查它",
		"correct the file that SCHEMES_FILE names; `voidrelay scheme check FILE` tries it alone")
)

// loadSchemes reads the file: shape, expressions and examples are looked at by reading it.
func (r *run) loadSchemes() []Finding {
	const id = "schemes"
	all, err := r.Schemes()
	var problems scheme.Problems
	switch {
	case errors.As(err, &problems):
		var findings []Finding
		for _, p := range problems[:min(len(problems), mostProblems)] {
			findings = append(findings, failed(id, schemesTitle, same(p.Error()), schemeFileAdvice).about(p.Scheme))
		}
		return findings
	case err != nil:
		return []Finding{failed(id, schemesTitle, same(err.Error()), schemeFileAdvice)}
	}
	r.schemes = all
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.Name
	}
	from := say("自带的方案（只用于沙箱）", "the shipped schemes (for sandboxes only)")
	if r.SchemesFile != "" {
		from = same(r.SchemesFile)
	}
	return []Finding{ok(id, schemesTitle, from.and(say("：%s；结构、表达式和样例都对",
		": %s; shape, expressions and examples are right", strings.Join(names, ", "))))}
}

// schemeFindings holds each scheme against what the vendors and the ledger said.
func (r *run) schemeFindings() []Finding {
	var findings []Finding
	for _, s := range r.schemes {
		findings = append(findings, r.fits(s)...)
		findings = append(findings, r.readsThere(s).about(s.Name))
		findings = append(findings, r.stands(s)...)
	}
	return findings
}

// fits says whether the scheme may run on what the vendors are.
func (r *run) fits(s *scheme.Scheme) []Finding {
	const id = "scheme.environment"
	env, told := r.environment()
	if !told {
		return []Finding{skipped(id, examplesTitle,
			say("不知道金蝶是正式还是沙箱", "it is not known whether Kingdee is a real server")).about(s.Name)}
	}
	err := s.CheckFor(env)
	if err == nil {
		return []Finding{ok(id, examplesTitle, say("可以在 %s 上运行", "may run on %s vendors", env)).about(s.Name)}
	}
	var problems scheme.Problems
	if !errors.As(err, &problems) {
		return []Finding{failed(id, examplesTitle, same(err.Error()), schemeFileAdvice).about(s.Name)}
	}
	var findings []Finding
	for _, p := range problems {
		findings = append(findings, failed(id, examplesTitle, same(p.Error()), schemeFileAdvice).about(s.Name))
	}
	return findings
}

// readsThere compares the scheme's data centre with the login's.
func (r *run) readsThere(s *scheme.Scheme) Finding {
	const id = "scheme.data_center"
	there := r.kingdee.account.GetDataCenterId()
	_, told := r.environment()
	switch {
	case there == "":
		return skipped(id, dataCentreTitle, say("金蝶没有应答", "Kingdee did not answer"))
	case there == s.DataCenter && !told:
		return ok(id, dataCentreTitle, say("%s，与 KINGDEE_ACCT_ID 一致（没有登录成功）",
			"%s, as KINGDEE_ACCT_ID; nobody was logged in", there))
	case there == s.DataCenter:
		return ok(id, dataCentreTitle, say("%s，与登录一致", "%s, as the login's", there))
	}
	return failed(id, dataCentreTitle, say("方案读 %s，登录的是 %s", "the scheme reads %s, the login is to %s", s.DataCenter,
		there), say("改 KINGDEE_ACCT_ID=%[1]s，或方案的 kingdee.data_center: %[2]s",
		"set KINGDEE_ACCT_ID=%[1]s, or the scheme's kingdee.data_center: %[2]s", s.DataCenter, there))
}

// stands says how the ledger has the scheme.
func (r *run) stands(s *scheme.Scheme) []Finding {
	const id = "scheme.standing"
	if r.database.unmapped == nil {
		return []Finding{skipped(id, standingTitle, say("没有读账本", "the ledger was not read")).about(s.Name)}
	}
	for _, v := range r.database.schemes {
		if v.Scheme == s.Name {
			return []Finding{standing(v).about(s.Name), r.warehouses(s.Name).about(s.Name)}
		}
	}
	return []Finding{ok(id, standingTitle, say("账本里还没有，首次启动时建立", "not in the ledger yet; the first start takes it")).
		about(s.Name)}
}

func standing(v ledger.SchemeView) Finding {
	const id = "scheme.standing"
	mode := say("仅观察，不发送", "mode dry_run")
	if v.Mode == "send" {
		mode = say("发送", "mode send")
	}
	found := mode.and(say("，第 %d 版，启用时间 %s，读取进度 %s", ", revision %d, cutover %s, watermark %s", v.Revision,
		moment(v.EffectiveFrom), moment(v.WatermarkTime)))
	if v.State != "stopped" {
		return ok(id, standingTitle, found)
	}
	for _, c := range v.Conditions {
		if c.BlocksReading && c.ByPerson {
			return warning(id, standingTitle, found.and(Text{"，已停止：" + c.Message, ", stopped: " + c.MessageEN}),
				Text{c.Action, c.ActionEN})
		}
	}
	return warning(id, standingTitle, found.and(say("，已停止", ", stopped")),
		say("`voidrelay conditions` 说明下一步", "`voidrelay conditions` says what to do next"))
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

func (r *run) warehouses(name string) Finding {
	const id = "scheme.warehouses"
	count := r.database.unmapped[name]
	if count == 0 {
		return ok(id, warehousesTitle, say("没有", "none"))
	}
	return warning(id, warehousesTitle, say("%d 个", "%d", count),
		say("在方案的 warehouses 里加入它们，或写 outside: true；`voidrelay work --scheme %s` 列出",
			"add them to the scheme's warehouses, or say outside: true; `voidrelay work --scheme %s` lists them", name))
}
