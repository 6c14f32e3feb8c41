package scheme

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/voidrelay/voidrelay/orchestrator/internal/form"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// The keys of the format; schema.json lists the same ones.
var (
	topKeys    = []string{"schemes"}
	schemeKeys = []string{
		"name", "title", "form", "kingdee", "organisations", "organisation_names", "triggers", "closed_ends",
		"un_audited", "number_reuse",
		"shared_orders",
		"extra_fields",
		"selector",
		"effective_from", "mode",
		"sandbox_only", "incremental_interval", "verify_after", "safety_limits", "timing",
		"recheck_interval", "reconcile_interval",
		"absent_wait", "extra_order_types", "orders", "warehouses", "examples",
	}
	kingdeeKeys     = []string{"data_center", "keys"}
	unAuditKeys     = []string{"dwell"}
	extraKeys       = []string{"bill", "lines"}
	safetyLimitKeys = []string{"per_hour", "per_day"}
	timingKeys      = []string{
		"backoff", "not_found_grace", "not_found_hourly", "not_found_limit", "max_in_progress",
		"max_unrecognised", "max_unknown",
		"max_changes",
	}
)

var schemeName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)

// Verification: how old the last look at a bill may be when its request is sent. Design limits.
const (
	verifyAbsent = 60 * time.Second
	verifyLeast  = 5 * time.Second
	verifyMost   = 5 * time.Minute
)

func (d *decoder) decodeScheme(n *yaml.Node) *Scheme {
	d.scheme = nameOf(n)
	before := len(d.problems)
	o, ok := d.object(n, "", schemeKeys)
	if !ok {
		return nil
	}
	s := &Scheme{file: d.file, node: o.node, keys: map[string]*yaml.Node{}}
	for key, f := range o.fields {
		s.keys[key] = f.value
	}
	s.Name = o.text("name", true)
	if s.Name != "" && !schemeName.MatchString(s.Name) {
		o.fault("name",
			"`%s` must begin with a small letter and hold only small letters, digits, - and _, at most 63", s.Name)
	}
	s.Title = o.text("title", false)
	if s.Title == "" {
		s.Title = s.Name
	}
	o.decodeSource(s)
	o.decodeTriggers(s)
	o.decodeClosedEnds(s)
	s.SharedOrders = o.boolean("shared_orders")
	o.decodePace(s)
	o.decodeOrderTypes(s)
	o.decodeWarehouses(s)
	o.decodeExtraFields(s)
	o.decodeSelector(s)
	o.decodeOrders(s)
	o.decodeExamples(s)
	if len(d.problems) == before {
		s.runExamples(d)
	}
	return s
}

// nameOf looks the name of a scheme up before anything is checked, so that every fault can carry it.
func nameOf(n *yaml.Node) string {
	n = resolved(n)
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "name" && n.Content[i+1].Kind == yaml.ScalarNode {
			return n.Content[i+1].Value
		}
	}
	return ""
}

// supported names the forms there are.
func supported() string {
	names := make([]string, len(form.All))
	for i, f := range form.All {
		names[i] = fmt.Sprintf("%s (%s)", f.ID, f.Title)
	}
	if len(names) == 1 {
		return "the one that is: " + names[0]
	}
	return "those that are: " + strings.Join(names, ", ")
}

// decodeSource reads what is watched.
func (o object) decodeSource(s *Scheme) {
	s.Form = o.text("form", true)
	if _, known := form.Of(s.Form); s.Form != "" && !known {
		o.fault("form", "form `%s` is not supported; %s", s.Form, supported())
	}
	if n := o.value("kingdee", true); n != nil {
		if k, ok := o.d.object(n, o.at("kingdee"), kingdeeKeys); ok {
			s.DataCenter = k.code("data_center", 100)
			k.decodeKeys(s)
			k.checkWarehouseKeys(s)
		}
	}
	s.Organisations = o.texts("organisations")
	s.OrganisationNames = o.names("organisation_names")
	s.EffectiveFrom = o.moment("effective_from")
	s.SandboxOnly = o.boolean("sandbox_only")
	switch mode := o.text("mode", false); mode {
	case "":
	case string(DryRun):
		s.dryRunOnly = true
	case string(Send):
		o.fault("mode", "a file cannot ask for `send`: on sandboxes a scheme sends by itself, on real vendors an "+
			"operator switches it on, with a reason")
	default:
		o.fault("mode", "must be `dry_run` or left out, not `%s`", mode)
	}
}

// decodePace reads how fast, how often and how long.
func (o object) decodePace(s *Scheme) {
	s.incrementalInterval = o.duration("incremental_interval", 0, sandboxIncrementalLeast, incrementalMost)
	s.VerifyAfter = o.duration("verify_after", verifyAbsent, verifyLeast, verifyMost)
	s.intervals = o.decodeIntervals()
	b := o.section("safety_limits", safetyLimitKeys)
	s.safetyLimits = rule.SafetyLimits{
		PerHour: b.integer("per_hour", 100, 1, 1_000_000), PerDay: b.integer("per_day", 500, 1, 10_000_000),
	}
	if s.safetyLimits.PerDay < s.safetyLimits.PerHour {
		b.fault("per_day", "must be at least per_hour (%d), not %d", s.safetyLimits.PerHour, s.safetyLimits.PerDay)
	}
	t := o.section("timing", timingKeys)
	s.timing = rule.Timing{
		Backoff:         t.duration("backoff", time.Minute, 100*time.Millisecond, time.Hour),
		NotFoundGrace:   t.duration("not_found_grace", 30*time.Minute, 0, 24*time.Hour),
		NotFoundHourly:  t.duration("not_found_hourly", time.Hour, time.Second, 24*time.Hour),
		NotFoundLimit:   t.duration("not_found_limit", 24*time.Hour, time.Second, 30*24*time.Hour),
		MaxInProgress:   int(t.integer("max_in_progress", 10, 1, 1000)),
		MaxUnrecognised: int(t.integer("max_unrecognised", 3, 1, 1000)),
		MaxUnknown:      int(t.integer("max_unknown", 5, 1, 1000)),
		MaxChanges:      int(t.integer("max_changes", 20, 1, 1000)),
		NumberReuse:     s.NumberReuse,
	}
	if s.timing.NotFoundLimit < s.timing.NotFoundGrace {
		t.fault("not_found_limit", "must be at least not_found_grace (%s), not %s", span(s.timing.NotFoundGrace),
			span(s.timing.NotFoundLimit))
	}
}

// section is a mapping that may be left out; its getters then give their defaults.
func (o object) section(key string, known []string) object {
	if n := o.value(key, false); n != nil {
		if sub, ok := o.d.object(n, o.at(key), known); ok {
			return sub
		}
	}
	return object{d: o.d, path: o.at(key), node: o.node}
}

func (o object) decodeOrderTypes(s *Scheme) {
	s.orderTypes = slices.Clone(orderTypes)
	for _, t := range o.texts("extra_order_types") {
		switch {
		case !orderTypeForm.MatchString(t):
			o.fault("extra_order_types", "`%s` is no order type: 2 to 20 capital letters and digits", t)
		case slices.Contains(s.orderTypes, t):
			o.fault("extra_order_types", "`%s` is known already; leave it out", t)
		default:
			s.orderTypes = append(s.orderTypes, t)
		}
	}
}

var warehouseKeys = []string{"account", "code", "name", "outside", "since"}

// decodeWarehouses reads the table: the allow-list of the scheme.
func (o object) decodeWarehouses(s *Scheme) {
	s.warehouses = map[string]Warehouse{}
	n := o.value("warehouses", true)
	if n == nil {
		return
	}
	table, ok := o.d.object(n, o.at("warehouses"), nil)
	if !ok {
		return
	}
	ours := false
	for _, number := range table.order {
		if number != strings.TrimSpace(number) || number == "" {
			o.d.fault(table.fields[number].key, table.path,
				"a Kingdee warehouse number must not be blank or have blanks at its edges")
			continue
		}
		row, ok := o.d.object(table.fields[number].value, table.at(number), warehouseKeys)
		if !ok {
			continue
		}
		faults := len(o.d.problems)
		w := Warehouse{Outside: row.boolean("outside"), Name: row.name("name")}
		switch {
		case len(o.d.problems) > faults: // not clear which of the two it is
			ours = true
		case w.Outside:
			if row.has("account") || row.has("code") || row.has("since") {
				row.fault("outside", "a warehouse that is outside has neither account nor code nor since")
			}
		default:
			ours = true
			w.Account, w.Code = row.code("account", 100), row.code("code", maxCode)
			w.Since = row.moment("since")
		}
		s.warehouses[number] = w
	}
	if !ours {
		o.fault("warehouses",
			"must name at least one warehouse with its account and code: what is not listed is never cancelled")
	}
}
