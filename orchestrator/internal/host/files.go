package host

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/metadata"

	"github.com/voidrelay/voidrelay/internal/watched"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// filesEvery is how often a host looks at what is the matter with its files and those of its adapters.
const filesEvery = time.Second

// services are the adapters as people call their programs.
var services = map[string]string{Kingdee: "kingdeesvc", WMS: "wmssvc"}

// fileConditions are the conditions of files.
var fileConditions = map[watched.Kind]rule.ConditionKind{
	watched.Broken: rule.ConditionFileBroken, watched.Ending: rule.ConditionCertificateEnding,
}

// What an adapter may say of its files; whatever answers at its address is no reason to trust it with more.
const (
	mostFindings   = 20
	longestSetting = 60
)

// FoundIn reads what an adapter tells of its files with its health, in the header of its answer.
func FoundIn(header metadata.MD) []watched.Finding {
	var said, found []watched.Finding
	for _, text := range header.Get(watched.Header) {
		if json.Unmarshal([]byte(text), &said) != nil {
			return nil
		}
	}
	for _, f := range said[:min(len(said), mostFindings)] {
		if fileConditions[f.Kind] != "" && isSetting(f.Setting) {
			if f.End != nil {
				f.Detail = f.End.UTC().Format(time.DateOnly)
			}
			found = append(found, f)
		}
	}
	return found
}

func isSetting(name string) bool {
	return name != "" && len(name) <= longestSetting && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_'
	})
}

// followFiles makes conditions of what is the matter with files, until ctx ends.
func (h *Host) followFiles(ctx context.Context) {
	for wait(ctx, filesEvery, nil) {
		found := h.found()
		h.remember(ctx, found)
		if !h.ledgerAway() {
			h.write(ctx, found)
		}
	}
}

// found is what is the matter now: with our own files, and as the adapters last told of theirs.
func (h *Host) found() []ledger.Condition {
	var all []ledger.Condition
	add := func(f watched.Finding, of string) {
		all = append(all, ledger.Condition{
			Kind: fileConditions[f.Kind], Host: h.cfg.Name, Reason: of + f.Setting, Detail: f.Detail, Since: f.Since,
		})
	}
	if h.cfg.Files != nil {
		for _, f := range h.cfg.Files() {
			add(f, "")
		}
	}
	for _, a := range h.adapters {
		if told := a.told.Load(); told != nil {
			for _, f := range *told {
				add(f, services[a.name]+" ")
			}
		}
	}
	return all
}

// remember keeps them in memory, and ends there what is over.
func (h *Host) remember(ctx context.Context, found []ledger.Condition) {
	for _, c := range found {
		if h.set(c) {
			h.cfg.Logger.WarnContext(ctx, "a file wants a look", slog.String("condition", string(c.Kind)),
				slog.String("setting", c.Reason), slog.String("detail", c.Detail))
		}
	}
	for _, c := range h.ownFiles() {
		same := func(o ledger.Condition) bool { return o.Kind == c.Kind && o.Reason == c.Reason }
		if !slices.ContainsFunc(found, same) {
			h.end(c.Kind, c.Reason)
			h.cfg.Logger.InfoContext(ctx, "a file is in order again", slog.String("condition", string(c.Kind)),
				slog.String("setting", c.Reason))
		}
	}
}

// ownFiles are the conditions of files that stand in memory.
func (h *Host) ownFiles() []ledger.Condition {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(h.own), func(c ledger.Condition) bool {
		return c.Kind != rule.ConditionFileBroken && c.Kind != rule.ConditionCertificateEnding
	})
}

// write makes the ledger have those and no others open of this host. It is done when they change, and once at first:
// the host of before may have left some.
func (h *Host) write(ctx context.Context, found []ledger.Condition) {
	now := make([]string, len(found))
	for i, c := range found {
		now[i] = string(c.Kind) + " " + c.Reason + " " + c.Detail
	}
	if h.written != nil && slices.Equal(now, h.written) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	keys := make([]string, len(found))
	for i, c := range found {
		keys[i] = string(c.Kind) + " " + c.Reason
		if _, err := h.conditions.OpenCondition(ctx, c); err != nil {
			return // the next look tries again
		}
	}
	err := ledger.InTx(ctx, h.cfg.Pool, func(tx pgx.Tx) error {
		_, err := ledger.EndConditions(ctx, tx, "the file is in order",
			`o.kind in ('file_broken', 'certificate_ending') and o.host = @host
    and not o.kind || ' ' || o.reason = any(@open)`, pgx.StrictNamedArgs{"host": h.cfg.Name, "open": keys})
		return err
	})
	if err == nil {
		h.written = now
	}
}
