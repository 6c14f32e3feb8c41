package behaviour

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
)

// Personality is how this Kingdee behaves where servers differ or where public
// sources contradict each other. The zero value is a recent server in the reading
// that is harder on a client; each switch names the other one.
type Personality struct {
	// OldServer is a server before patch PT-146911: SHA-1 login signatures, no
	// BillQuery, at most 2000 rows a page.
	OldServer bool `json:"old_server"`
	// MaxLimit is the most rows one page holds, silently; 0 means 10000, or 2000
	// on an old server.
	MaxLimit int `json:"max_limit"`
	// TopRowCountCaps makes TopRowCount a number of rows to return; otherwise it
	// is the absolute end row, StartRow included.
	TopRowCountCaps bool `json:"top_row_count_caps"`
	// StrictKeyCase refuses field keys that are not spelled as published.
	StrictKeyCase bool `json:"strict_key_case"`
	// InnerJoin leaves out bills without lines, and lines without components, when
	// their keys are asked for; otherwise they give a row of nulls.
	InnerJoin bool `json:"inner_join"`
	// NoRowType is a server whose form lacks the field FRowType.
	NoRowType bool `json:"no_row_type"`
	// MissingKeys are more fields that this server's forms lack, however they are
	// spelled; FLOT takes FLOT.FNumber with it. PUR_MRAPP/FLOT is lacking in that form alone.
	MissingKeys []string `json:"missing_keys"`
	// RenamedKeys are fields that this server's forms call otherwise: the published key, maybe with its form as in
	// MissingKeys, and the server's own. FSTOCKID takes FSTOCKID.FNumber with it.
	RenamedKeys map[string]string `json:"renamed_keys"`
	// DotNetDates writes dates as /Date(1700000000000)/.
	DotNetDates bool `json:"dot_net_dates"`

	// VoidKeepsModifyDate: voiding and restoring leave FModifyDate alone.
	VoidKeepsModifyDate bool `json:"void_keeps_modify_date"`
	// UnauditKeepsModifyDate: un-audit leaves FModifyDate alone.
	UnauditKeepsModifyDate bool `json:"unaudit_keeps_modify_date"`
	// UnauditKeepsApproveDate: un-audit leaves FApproveDate in place.
	UnauditKeepsApproveDate bool `json:"unaudit_keeps_approve_date"`
	// CancelDateOnly: FCancelDate carries no time of day.
	CancelDateOnly bool `json:"cancel_date_only"`
	// DeleteVoided lets voided bills be deleted, which frees their numbers.
	DeleteVoided bool `json:"delete_voided"`

	// SessionIdleSeconds is the sliding idle life of a session; 0 means 1200.
	SessionIdleSeconds int `json:"session_idle_seconds"`
	// OddLogins writes fields of a login's answer with another JSON type: code_number, type_text, message_list,
	// ticks_text, ticks_float, zone_text, version_number, name_by_language, context_text.
	OddLogins []string `json:"odd_logins"`
	// SessionLifeSeconds ends a session so long after its login, however much it is used; 0 never does.
	SessionLifeSeconds int `json:"session_life_seconds"`
	// SessionLossRate is the share of calls, 0 to 1, whose session the server has just lost.
	SessionLossRate float64 `json:"session_loss_rate"`
	// LostAnswer is the whole HTTP answer (status line, head, body) to a call whose session is not, or no longer,
	// known, in place of MsgCode 1: servers, proxies and single sign-ons each have their own words for it.
	LostAnswer string `json:"lost_answer"`
	// Nodes is how many application servers stand behind one balancer; a session is known to the one that opened it.
	// The balancer knows a client by its own cookie SERVERID and sends one without it to the nodes in turn. 0 and 1 are
	// one server without a balancer.
	Nodes int `json:"nodes"`
	// CookiesAtLoginOnly sets cookies in a login's answer and in no other; otherwise every answer sets them anew.
	CookiesAtLoginOnly bool `json:"cookies_at_login_only"`
	// OneSessionPerUser: a login throws the user's other sessions out.
	OneSessionPerUser bool `json:"one_session_per_user"`
	// NoKickOffLogins is a server without the login methods that end in 2, which
	// only third-party clients report.
	NoKickOffLogins bool `json:"no_kick_off_logins"`
	// ParallelSessions lets requests on one session run at the same time.
	ParallelSessions bool `json:"parallel_sessions"`
	// LockAfterFailures locks the account for 30 minutes after so many failed
	// logins in a row; 0 never does.
	LockAfterFailures int `json:"lock_after_failures"`
	// SignatureMinutes is the clock difference that a signed login tolerates; 0
	// means 15, a negative number any.
	SignatureMinutes int `json:"signature_minutes"`

	// LatencyMillis delays every answer: 3000, 7000 and 30000 are slow servers that people work with.
	LatencyMillis int `json:"latency_millis"`
	// CommitMillis delays the visibility of changes: a bill is seen as it was
	// until so long after its change was stamped.
	CommitMillis int `json:"commit_millis"`
	// FaultRate is the share of queries, 0 to 1, that fail in one of many ways.
	FaultRate float64 `json:"fault_rate"`
	// HiddenOrgs are organisations whose bills, of any form, this user may not see; they
	// are left out silently.
	HiddenOrgs []string `json:"hidden_orgs"`
	// HiddenForms are forms that this user may not see at all: queries and View refuse them.
	HiddenForms []string `json:"hidden_forms"`
	// HiddenParts are stock organisations of whose bills this user may not see a share, 0 to 1: a data rule leaves
	// them out, silently and always the same ones.
	HiddenParts map[string]float64 `json:"hidden_parts"`
	// StampShiftSeconds is how far the clock that stamps bills (the database's) is ahead of the one that writes Date
	// (the web server's); negative is behind.
	StampShiftSeconds int `json:"stamp_shift_seconds"`
	// OmitTimeZone leaves STimeZone out of the login's Context.
	OmitTimeZone bool `json:"omit_time_zone"`
	// OmitDate leaves the HTTP Date header out.
	OmitDate bool `json:"omit_date"`
	// Seed fixes chance: the order of rows when none, or not all of one, is asked
	// for, and which queries fail by FaultRate.
	Seed uint64 `json:"seed"`
}

// PageLimit is the most rows that one page holds.
func (p Personality) PageLimit() int {
	switch {
	case p.MaxLimit > 0:
		return p.MaxLimit
	case p.OldServer:
		return 2000
	default:
		return 10000
	}
}

// Lacks reports whether this server's form has no field of this published key.
func (p Personality) Lacks(form, key string) bool {
	if p.NoRowType && key == "FRowType" {
		return true
	}
	whole, _, _ := strings.Cut(key, ".")
	return slices.ContainsFunc(p.MissingKeys, func(missing string) bool {
		missing = keyOf(form, missing)
		return strings.EqualFold(missing, key) || strings.EqualFold(missing, whole)
	})
}

// Published is the published spelling of a key of this server's form: the key itself, unless it was renamed. Empty: the
// form calls the field otherwise.
func (p Personality) Published(form, key string) string {
	whole, _, _ := strings.Cut(key, ".")
	published := key
	for was, is := range p.RenamedKeys {
		was = keyOf(form, was)
		switch {
		case was == "":
		case strings.EqualFold(is, whole):
			return was + key[len(whole):]
		case strings.EqualFold(was, whole):
			published = ""
		}
	}
	return published
}

// keyOf is the key that a switch names, without its form; empty where it is about another form.
func keyOf(form, named string) string {
	of, key, qualified := strings.Cut(named, "/")
	switch {
	case !qualified:
		return named
	case strings.EqualFold(of, form):
		return key
	}
	return ""
}

// Validate says what makes no sense.
func (p Personality) Validate() error {
	for _, name := range p.OddLogins {
		if OddLogins()[name] == nil {
			return fmt.Errorf("odd_logins: %q is none of %s",
				name, strings.Join(slices.Sorted(maps.Keys(OddLogins())), " "))
		}
	}
	if p.LostAnswer != "" && !isAnswer(p.LostAnswer) {
		return errors.New("lost_answer is no HTTP answer")
	}
	for org, share := range p.HiddenParts {
		if share < 0 || share > 1 {
			return fmt.Errorf("hidden_parts: %v of organisation %s is no share", share, org)
		}
	}
	return nil
}

// Hides reports whether data permission leaves a bill out.
func (p Personality) Hides(b *books.Bill) bool {
	if slices.Contains(p.HiddenOrgs, b.StockOrg) {
		return true
	}
	return float64(b.ID*7919%100) < p.HiddenParts[b.StockOrg]*100
}

// Rules are the personality's rules for bills.
func (p Personality) Rules() books.Rules {
	return books.Rules{
		VoidKeepsModifyDate:     p.VoidKeepsModifyDate,
		UnauditKeepsModifyDate:  p.UnauditKeepsModifyDate,
		UnauditKeepsApproveDate: p.UnauditKeepsApproveDate,
		CancelDateOnly:          p.CancelDateOnly,
		DeleteVoided:            p.DeleteVoided,
		StampShift:              time.Duration(p.StampShiftSeconds) * time.Second,
		CommitDelay:             time.Duration(p.CommitMillis) * time.Millisecond,
	}
}
