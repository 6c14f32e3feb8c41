package install

import (
	"errors"
	"fmt"
	"strings"

	"github.com/voidrelay/voidrelay/internal/settings"
	"github.com/voidrelay/voidrelay/kingdeesvc"
	"github.com/voidrelay/voidrelay/orchestrator"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/wmssvc"
)

// SettingsError says that something in the environment is wrong: all of it, one a line. Nothing was started.
type SettingsError struct{ Problems []string }

func (e *SettingsError) Error() string { return strings.Join(e.Problems, "\n") }

// configs are the settings of the three services.
type configs struct {
	kingdee      kingdeesvc.Config
	wms          wmssvc.Config
	orchestrator orchestrator.Config
}

// RealVendors says whether the environment names both vendors. Naming one of them is an error: test and production do
// not mix.
func RealVendors(getenv func(string) string) (bool, error) {
	kingdee, wms := given(getenv, "KINGDEE_BASE_URL"), given(getenv, "WMS_URL") || given(getenv, "WMS_ACCOUNTS_FILE")
	if kingdee == wms {
		return kingdee, nil
	}
	set, missing := "KINGDEE_BASE_URL", "WMS_URL (or WMS_ACCOUNTS_FILE)"
	if wms {
		set, missing = missing, set
	}
	return false, &SettingsError{Problems: []string{fmt.Sprintf(
		"%s is set and %s is not: a real vendor and a sandbox are never mixed; set both, or neither for the two "+
			"sandboxes",
		set, missing)}}
}

// given says whether a setting is set; blanks alone are not.
func given(getenv func(string) string, name string) bool {
	return settings.New(getenv).Text(name, "") != ""
}

// Check reads the settings of all three services and reports everything that is wrong with them at once, as a
// *SettingsError, after what the caller found wrong himself. It starts nothing. Addresses that are known only later
// count as right.
func Check(opts Options, found ...error) error {
	problems := found
	if !opts.Sandboxes {
		_, err := RealVendors(opts.Getenv)
		problems = append(problems, err)
		if !given(opts.Getenv, "SCHEMES_FILE") {
			problems = append(problems, errors.New("SCHEMES_FILE: not set; real vendors need schemes of their own "+
				"(`voidrelay scheme check FILE` tries one)"))
		}
	}
	_, err := opts.load(map[string]string{
		"KINGDEE_BASE_URL": "http://127.0.0.1:1/K3Cloud/", "KINGDEE_ACCT_ID": "x",
		"KINGDEE_USERNAME": "x", "KINGDEE_APP_ID": "x",
		"KINGDEE_APP_SECRET": "x", "WMS_URL": "http://127.0.0.1:1/", "WMS_SID": "x",
		"WMS_APP_KEY": "x", "WMS_APP_SECRET": "x",
	}, opts.placeholder())
	return settingsError(errors.Join(append(problems, err)...))
}

// DatabaseURL is the database that the settings name, empty when they name none. What is wrong with it is a
// *SettingsError that has no character of it.
func DatabaseURL(getenv func(string) string) (string, error) {
	r := settings.New(getenv)
	url := r.Secret("DATABASE_URL").Reveal()
	if url != "" {
		if err := ledger.CheckURL(url); err != nil {
			r.Fault("DATABASE_URL", "%w", err)
		}
	}
	return url, settingsError(r.Err())
}

// placeholder stands for the private database that is not there yet when settings are checked.
func (o Options) placeholder() string {
	if given(o.Getenv, "DATABASE_URL") || given(o.Getenv, "DATABASE_URL_FILE") {
		return ""
	}
	return "postgres://127.0.0.1/voidrelay"
}

// load reads all three configurations. sandboxes are the settings that stand in for the vendors', database for
// DATABASE_URL where that is not set.
func (o Options) load(sandboxes map[string]string, database string) (configs, error) {
	over := map[string]string{}
	if o.Sandboxes {
		over = sandboxes
	}
	adapter := func(name string) string {
		if value, ok := over[name]; ok {
			return value
		}
		switch {
		// Within one process the adapters stay on loopback, and know the orchestrator beside them alone. Others come to
		// the orchestrator.
		case name == "AUTH_CALLERS_FILE":
			return o.Adapters.Callers
		case strings.HasPrefix(name, "TLS_"), name == "WMS_CALLERS" && o.Adapters.Callers != "":
			return ""
		case o.FreePorts && (name == "KINGDEESVC_ADDR" || name == "WMSSVC_ADDR"):
			return freePort
		// A sandbox knows its own account only.
		case o.Sandboxes && (strings.HasPrefix(name, "KINGDEE_") || strings.HasPrefix(name, "WMS_")) && !tuning[name]:
			return ""
		}
		return o.Getenv(name)
	}
	main := func(name string) string {
		switch {
		case name == "DATABASE_URL" && database != "":
			return database
		case name == "DATABASE_URL_FILE" && database != "":
			return ""
		case o.FreePorts && (name == "ORCHESTRATOR_GRPC_ADDR" || name == "ORCHESTRATOR_HTTP_ADDR"):
			return freePort
		case name == "ADAPTER_TOKEN_FILE":
			return o.Adapters.Token
		// Known once the adapters listen.
		case name == "KINGDEESVC_TARGET", name == "WMSSVC_TARGET", strings.HasPrefix(name, "ADAPTER_"):
			return ""
		}
		return o.Getenv(name)
	}
	var out configs
	var errs [4]error
	out.kingdee, errs[0] = kingdeesvc.LoadConfig(adapter)
	out.wms, errs[1] = wmssvc.LoadConfig(adapter)
	out.orchestrator, errs[2] = orchestrator.LoadConfig(main)
	errs[3] = checkPorts([]listener{
		{"ORCHESTRATOR_GRPC_ADDR", out.orchestrator.GRPCAddr}, {"ORCHESTRATOR_HTTP_ADDR", out.orchestrator.HTTPAddr},
		{"ORCHESTRATOR_OPS_ADDR", out.orchestrator.OpsAddr},
		{"KINGDEESVC_ADDR", out.kingdee.Addr}, {"KINGDEESVC_OPS_ADDR", out.kingdee.OpsAddr},
		{"WMSSVC_ADDR", out.wms.Addr},
		{"WMSSVC_OPS_ADDR", out.wms.OpsAddr},
	})
	return out, settingsError(errors.Join(errs[:]...))
}

const freePort = "127.0.0.1:0"

// tuning are settings of the adapters that mean something on a sandbox, too.
var tuning = map[string]bool{
	"KINGDEE_PAGE_ROWS": true, "KINGDEE_RATE": true, "WMS_RATE": true, "WMS_CONCURRENCY": true, "WMS_TIMEOUT": true,
	"WMS_DICTIONARY": true,
}

// settingsError makes one list of what several services said, each thing once.
func settingsError(err error) error {
	if err == nil {
		return nil
	}
	seen := make(map[string]bool)
	out := &SettingsError{}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if !seen[line] {
			seen[line] = true
			out.Problems = append(out.Problems, line)
		}
	}
	return out
}
