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

// compareEvery is how often a host compares its schemes with the ledger's.
const compareEvery = 2 * time.Second

// schemesFile is the file of a host, which it compares with the ledger for as long as it runs. It blocks nothing.
type schemesFile struct {
	// path is read again each time; where it is empty, text stands for it.
	path    string
	text    []byte
	schemes *intake.Registry

	// read is what was parsed last, into file or fault.
	read  []byte
	file  []*scheme.Scheme
	fault error
}

// compareSchemes compares the host's schemes with the ledger's until the server stops: those of its file, where the
// settings name one, and what of the ledger's this program can read.
func (s *Server) compareSchemes(cfg Config, pool *pgxpool.Pool, schemes *intake.Registry) {
	f := &schemesFile{path: cfg.SchemesFile, text: cfg.Schemes, schemes: schemes}
	conditions := ledger.NewConditions(pool)
	file := &lastingCondition{
		conditions: conditions, logger: s.logger,
		condition: ledger.Condition{Kind: rule.ConditionSchemeFileDiffers, Host: s.name},
		begun:     "the schemes file is not what the ledger works by; the ledger counts",
		ended:     "the file is what the ledger works by",
	}
	unreadable := &lastingCondition{
		conditions: conditions, logger: s.logger,
		condition: ledger.Condition{Kind: rule.ConditionSchemeUnreadable, Host: s.name},
		begun:     "this program cannot read what the ledger works by; this host leaves those schemes alone",
		ended:     "every scheme can be read",
	}
	s.Go(func() error {
		tick := time.NewTicker(compareEvery)
		defer tick.Stop()
		for {
			ctx, cancel := context.WithTimeout(context.Background(), compareEvery)
			file.say(ctx, f.differs())
			unreadable.say(ctx, strings.Join(schemes.Unreadable(), ", "))
			cancel()
			select {
			case <-s.Stopping():
				return nil
			case <-tick.C:
			}
		}
	})
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
