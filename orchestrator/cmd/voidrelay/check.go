package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/checkup"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
)

// checkTime ends a check that hangs; each question has its own, shorter limit.
const checkTime = 5 * time.Minute

// errUnfit says that something was found that keeps the program from working.
var errUnfit = errors.New("有失败项，见上 something failed, see above")

func (sh *shell) checkCommand() *cobra.Command {
	var asJSON bool
	var language string
	cmd := &cobra.Command{
		Use: "check",
		Short: "检查金蝶、旺店通、数据库、时钟、方案和本机，不改动任何东西 checks vendors, database, clocks, schemes and this host; " +
			"changes nothing",
		GroupID: groupRun,
		Args:    args(0, ""),
		Long: `Says whether voidrelay can work with the settings of the environment, and what to do about what is in the
way: both vendors, the database, the clocks, the schemes with their examples, and this machine. It changes nothing,
starts nothing, and sends nothing but the harmless calls of the adapters. Adapters that run are asked; with the vendors'
settings (as for ` + "`up`" + `) those that do not are tried in this process.
Exit status: 0 all well (warnings allowed), 1 something failed, 2 a setting or an argument is wrong.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if language != "zh" && language != "en" && language != "both" {
				return fmt.Errorf("%w: --lang %q: zh, en or both", errWrong, language)
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), checkTime)
			defer cancel()
			return sh.check(ctx, asJSON, language)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the findings as JSON")
	cmd.Flags().StringVar(&language, "lang", "both", "language of the table: zh, en or both")
	return cmd
}

func (sh *shell) check(ctx context.Context, asJSON bool, language string) error {
	options, closing, err := install.Checkup(ctx, sh.getenv)
	if err != nil {
		return err
	}
	defer closing()
	options.Doing = &checkup.Doing{}
	var findings []checkup.Finding
	err = newTeller(sh.err).meanwhile(ctx, func() string { return "检查中 checking: " + options.Doing.String() },
		func(ctx context.Context) error {
			findings = checkup.Run(ctx, options)
			return nil
		})
	if err != nil {
		return err
	}
	if asJSON {
		err = sh.printFindingsJSON(findings)
	} else {
		sh.printFindings(findings, language)
	}
	if err == nil && checkup.Count(findings)[checkup.Failed] > 0 {
		err = errUnfit
	}
	return err
}

var checkWords = map[checkup.Result]checkup.Text{
	checkup.OK: {ZH: "通过", EN: "ok"}, checkup.Skipped: {ZH: "跳过", EN: "skipped"},
	checkup.Warning: {ZH: "注意", EN: "WARNING"}, checkup.Failed: {ZH: "失败", EN: "FAILED"},
}

// printFindings prints a line for each finding, with what to do below it.
func (sh *shell) printFindings(findings []checkup.Finding, language string) {
	in := func(t checkup.Text) string {
		switch {
		case language == "zh" || t.ZH == t.EN && language == "both":
			return t.ZH
		case language == "en":
			return t.EN
		}
		return t.ZH + " " + t.EN
	}
	t := sh.newTable("结果 RESULT", "项目 CHECK", "对象 OF", "发现 FOUND")
	for _, f := range findings {
		t.row(in(checkWords[f.Result]), f.ID, f.About, in(f.Title)+": "+in(f.Found))
		if f.Advice.ZH != "" && language != "en" {
			t.remark("处理：" + f.Advice.ZH)
		}
		if f.Advice.EN != "" && language != "zh" && f.Advice.EN != f.Advice.ZH {
			t.remark("to do: " + f.Advice.EN)
		}
	}
	t.print(sh.out)
	counts := checkup.Count(findings)
	fmt.Fprintln(sh.out)
	fmt.Fprintln(sh.out, in(checkup.Text{
		ZH: fmt.Sprintf("%d 项通过，%d 项注意，%d 项失败，%d 项跳过。", counts[checkup.OK], counts[checkup.Warning],
			counts[checkup.Failed], counts[checkup.Skipped]),
		EN: fmt.Sprintf("%d passed, %d warnings, %d failed, %d skipped.", counts[checkup.OK], counts[checkup.Warning],
			counts[checkup.Failed], counts[checkup.Skipped]),
	}))
}

// findingJSON is a finding as scripts read it.
type findingJSON struct {
	ID       string         `json:"id"`
	About    string         `json:"about,omitempty"`
	Result   checkup.Result `json:"result"`
	TitleZH  string         `json:"title_zh"`
	TitleEN  string         `json:"title_en"`
	FoundZH  string         `json:"found_zh"`
	FoundEN  string         `json:"found_en"`
	AdviceZH string         `json:"advice_zh,omitempty"`
	AdviceEN string         `json:"advice_en,omitempty"`
}

func (sh *shell) printFindingsJSON(findings []checkup.Finding) error {
	out := struct {
		Findings []findingJSON          `json:"findings"`
		Counts   map[checkup.Result]int `json:"counts"`
	}{Findings: make([]findingJSON, len(findings)), Counts: checkup.Count(findings)}
	for i, f := range findings {
		out.Findings[i] = findingJSON{
			ID: f.ID, About: f.About, Result: f.Result, TitleZH: f.Title.ZH, TitleEN: f.Title.EN,
			FoundZH: f.Found.ZH, FoundEN: f.Found.EN, AdviceZH: f.Advice.ZH, AdviceEN: f.Advice.EN,
		}
	}
	encoder := json.NewEncoder(sh.out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(out)
}
