package kingdeesvc

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/voidrelay/voidrelay/internal/access"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/checkup"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// Check logs in and answers CheckConnection without serving anything: what a running kingdeesvc with these settings
// would answer. Its errors are that call's, not yet made into statuses.
func Check(
	ctx context.Context, cfg Config, request *kingdeev1.CheckConnectionRequest, logger *slog.Logger,
) (*kingdeev1.CheckConnectionResponse, error) {
	client, service, err := build(cfg, logger, nil, nil)
	if err != nil {
		return nil, err
	}
	defer client.Close(context.WithoutCancel(ctx))
	return service.CheckConnection(ctx, request)
}

// ErrCheckFailed says that at least one question of an examination was answered with a failure.
var ErrCheckFailed = errors.New("kingdeesvc is not ready to run with these settings")

// ExamineOptions are what an examination is to look at and how it is told.
type ExamineOptions struct {
	// Organizations are stock organisations (FNumber) that must have bills of the last 30 days.
	Organizations []string
	// Forms are those that somebody means to use, each with the keys of its open columns as a scheme's kingdee.keys has
	// them. Without any, 组装拆卸单 is, and of the others the report says whether they could be used.
	Forms []ExamineForm
	// Language is zh, en or both.
	Language string
	// SecondLogin also logs in a second time, to see whether that throws the first login out. Where it does, a service
	// that runs with the same user loses its session once more; it logs in again by itself.
	SecondLogin bool
}

// ExamineForm is a form to be examined.
type ExamineForm struct {
	// ID is Kingdee's, such as PUR_MRAPP.
	ID string
	// Keys are Kingdee's keys by the names of the form's open columns; a line's column has its entity before it.
	Keys map[string]string
}

// Examine asks everything that somebody who installs this wants to know and writes the answers to out, each with what
// to do. It serves nothing and changes nothing. ErrCheckFailed when something does not work; warnings are no error.
// Forms and columns that are not known are an error at once, which names those that are.
func Examine(ctx context.Context, cfg Config, o ExamineOptions, out io.Writer) error {
	quiet := slog.New(slog.DiscardHandler)
	client, _, err := build(cfg, quiet, nil, nil)
	if err != nil {
		return err
	}
	defer client.Close(context.WithoutCancel(ctx))
	options := o.checkup()
	if o.SecondLogin {
		options.Second = func() (*kingdee.Client, error) {
			other, _, err := build(cfg, quiet, nil, nil)
			return other, err
		}
	}
	findings, err := checkup.New(client, cfg.checkup()).Examine(ctx, options)
	if err != nil {
		return err
	}
	sound, err := checkup.Write(out, findings, checkup.Language(o.Language))
	if err == nil && !sound {
		err = ErrCheckFailed
	}
	return err
}

// Check says what is wrong with the options, without asking Kingdee: forms and columns that are not known. The error
// names those that are.
func (o ExamineOptions) Check() error { return o.checkup().Check(forms) }

func (o ExamineOptions) checkup() checkup.Options {
	options := checkup.Options{Organizations: o.Organizations}
	for _, f := range o.Forms {
		options.Forms = append(options.Forms, checkup.Asked(f))
	}
	return options
}

func (cfg Config) checkup() checkup.Settings {
	return checkup.Settings{
		Forms: forms,
		Plain: cfg.BaseURL.Scheme == "http", Local: access.IsLoopback(cfg.BaseURL.Hostname()),
		Pinned:       len(cfg.Pins) > 0,
		DataCenterID: cfg.AcctID, UserName: cfg.Username, Way: cfg.Auth, Sessions: cfg.Sessions,
		ZoneName: cfg.ZoneName, Zone: cfg.Zone, Now: time.Now,
	}
}
