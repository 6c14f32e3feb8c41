package checkup

import (
	"context"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// Settings are what the answers are compared with.
type Settings struct {
	// Forms are all whose bills can be read, at least one. The first is what a cheap call asks for.
	Forms        []form.Form
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
	// Organizations are organisations that must have bills.
	Organizations []string
	// Forms are those of Settings.Forms that somebody means to use: what is wrong with one is a failure. Without any,
	// the first form is, and of the others the report says whether they could be used.
	Forms []Asked
	// Second opens another client of the same user; nil skips the question about a second login.
	Second func() (*kingdee.Client, error)
}

// Asked is a form that somebody means to use.
type Asked struct {
	ID string
	// Keys are those for columns that the form leaves open, by the columns' names, as a scheme's kingdee.keys has them.
	Keys map[string]string
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
	forms   []*formRound
}

// Examine asks everything; the findings come in the order of the questions. Its error is the caller's mistake: a form
// that is not there, or a key for a column that the form does not leave open.
func (e *Examiner) Examine(ctx context.Context, options Options) ([]Finding, error) {
	r := &round{Examiner: e, options: options}
	if err := r.choose(); err != nil {
		return nil, err
	}
	r.reach(ctx)
	r.login(ctx)
	r.zone()
	r.clock()
	r.second(ctx)
	for i, one := range r.forms {
		if i > 0 {
			one.may(r.ping(ctx, one.form))
		}
		one.fields(ctx)
		one.openKeys(ctx)
		one.bills(ctx)
		one.view(ctx)
	}
	return r.findings, nil
}

func (r *round) add(id string, result Result, found, advice Text) {
	r.findings = append(r.findings, Finding{ID: id, Title: titles[id], Result: result, Found: found, Advice: advice})
}

func (r *round) skip(ids ...string) {
	for _, id := range ids {
		r.add(id, Skipped, say("前面的步骤未通过，无法检查", "not asked, because an earlier step failed"), Text{})
	}
}
