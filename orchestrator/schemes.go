package orchestrator

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/revision"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// firstReason is why a first file is taken by itself.
const firstReason = "the ledger had no scheme: it takes its first file by itself (账本尚无方案，自动采用)"

// takeFirst lets a ledger that never had a scheme take those of the file; in any other case the file counts for
// nothing.
func (s *Server) takeFirst(ctx context.Context, pool *pgxpool.Pool, file []*scheme.Scheme) error {
	taken, err := revision.TakeFirst(ctx, pool, ledger.Act{Actor: s.name, Reason: firstReason}, file)
	if err != nil {
		return err
	}
	if taken {
		s.logger.InfoContext(ctx, "the ledger had no scheme; it takes those of the file",
			slog.Int("schemes", len(file)))
	}
	return nil
}

const (
	// fileEvery is how often a host compares its file with the ledger, and tellAgain how often it writes down that they
	// still differ, or still do not.
	fileEvery = 2 * time.Second
	tellAgain = time.Minute
)

// schemesFile is the file of a host, which it compares with the ledger for as long as it runs. It blocks nothing.
type schemesFile struct {
	// path is read again each time; where it is empty, text stands for it.
	path       string
	text       []byte
	schemes    *intake.Registry
	conditions *ledger.Conditions
	condition  ledger.Condition
	logger     *slog.Logger

	// read is what was parsed last, into file or fault.
	read  []byte
	file  []*scheme.Scheme
	fault error
	// told is the detail that the open condition has, empty while none is open, and at when that was written.
	told string
	at   time.Time
}

// compareFile compares the host's file with the ledger until the server stops, where the settings name one.
func (s *Server) compareFile(cfg Config, pool *pgxpool.Pool, schemes *intake.Registry) {
	f := &schemesFile{
		path: cfg.SchemesFile, text: cfg.Schemes, schemes: schemes, conditions: ledger.NewConditions(pool),
		condition: ledger.Condition{Kind: rule.ConditionSchemeFileDiffers, Host: s.name}, logger: s.logger,
	}
	s.Go(func() error {
		tick := time.NewTicker(fileEvery)
		defer tick.Stop()
		for {
			ctx, cancel := context.WithTimeout(context.Background(), fileEvery)
			f.compare(ctx)
			cancel()
			select {
			case <-s.Stopping():
				return nil
			case <-tick.C:
			}
		}
	})
}

// compare opens the condition, lets it last, or ends it. That the ledger is away is told by whoever watches it.
func (f *schemesFile) compare(ctx context.Context) {
	differs := f.differs()
	if differs == f.told && time.Since(f.at) < tellAgain {
		return
	}
	f.condition.Detail = differs
	if differs == "" {
		if _, err := f.conditions.EndCondition(ctx, f.condition, "the file is what the ledger works by"); err != nil {
			return
		}
	} else {
		if _, err := f.conditions.OpenCondition(ctx, f.condition); err != nil {
			return
		}
		if differs != f.told {
			f.logger.WarnContext(ctx, "the schemes file is not what the ledger works by; the ledger counts",
				slog.String("detail", differs))
		}
	}
	f.told, f.at = differs, time.Now()
}

// differs says how the file differs from the ledger; empty where it does not, or there is none.
func (f *schemesFile) differs() string {
	switch {
	case f.text != nil:
		f.parse(f.text, "schemes")
	case f.path != "":
		text, err := os.ReadFile(f.path)
		if err != nil {
			return err.Error()
		}
		f.parse(text, f.path)
	default:
		return ""
	}
	if f.fault != nil {
		return f.fault.Error()
	}
	var found []string
	for _, s := range f.file {
		switch e, loaded := f.schemes.Entry(s.Name); {
		case !loaded:
			found = append(found, s.Name+" (retired or not applied; 已停用或未应用)")
		case e.Hash() != s.Hash():
			found = append(found, fmt.Sprintf("%s (revision %d; 第 %d 版)", s.Name, e.Revision, e.Revision))
		}
	}
	for _, e := range f.schemes.Entries() {
		if !slices.ContainsFunc(f.file, func(s *scheme.Scheme) bool { return s.Name == e.Name }) {
			found = append(found, e.Name+" (not in the file; 文件中没有)")
		}
	}
	return strings.Join(found, ", ")
}

func (f *schemesFile) parse(text []byte, name string) {
	if f.read != nil && bytes.Equal(f.read, text) {
		return
	}
	f.read = text
	f.file, f.fault = scheme.Load(text, name)
}
