package checkup

import (
	"context"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// Settings are what the answers are compared with.
type Settings struct {
	// Form is the form whose keys and bills are looked at.
	Form         form.Form
	DataCenterID string
	UserName     string
	// Way is how we get in: sign, app_secret, password or header.
	Way      string
	Sessions int
	// Plain is whether the server is spoken to without TLS; Local, whether it is on this machine; Pinned, whether its
	// certificate is named by KINGDEE_CERT_SHA256.
	Plain, Local, Pinned bool
	ZoneName             string
	Zone                 *time.Location
	Now                  func() time.Time
}

// Options are what differs from one examination to the next.
type Options struct {
	// Organizations are stock organisations that must have bills.
	Organizations []string
	// Second opens another client of the same user; nil skips the question about a second login.
	Second func() (*kingdee.Client, error)
}

// Examiner asks through one client.
type Examiner struct {
	client   *kingdee.Client
	settings Settings
}

// New builds an Examiner.
func New(client *kingdee.Client, settings Settings) *Examiner {
	return &Examiner{client: client, settings: settings}
}

// round is one examination.
type round struct {
	*Examiner
	options  Options
	findings []Finding
	meta     kingdee.Meta
	// entered is whether the login worked.
	entered bool
	rows    []recent
	newest  int64
}

// Examine asks everything; the findings come in the order of the questions.
func (e *Examiner) Examine(ctx context.Context, options Options) []Finding {
	r := &round{Examiner: e, options: options}
	r.reach(ctx)
	r.login(ctx)
	r.zone()
	r.clock()
	r.second(ctx)
	r.fields(ctx)
	r.bills(ctx)
	r.view(ctx)
	return r.findings
}

func (r *round) add(id string, result Result, found, advice Text) {
	r.findings = append(r.findings, Finding{ID: id, Title: titles[id], Result: result, Found: found, Advice: advice})
}

func (r *round) skip(ids ...string) {
	for _, id := range ids {
		r.add(id, Skipped, say("前面的步骤未通过，无法检查", "not asked, because an earlier step failed"), Text{})
	}
}
