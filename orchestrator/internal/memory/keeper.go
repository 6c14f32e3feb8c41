package memory

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

const (
	// firstReach is how many events back a host begins that remembers nothing yet.
	firstReach = 200_000
	// pagesAtOnce bounds what one look reads.
	pagesAtOnce = 4
	// asked is how many lines are looked for at once, and mostLost how many are shown of each kind.
	asked    = 1000
	mostLost = 500
)

// Keeper keeps the memory of one host and compares the ledger with it. Nil remembers nothing, and finds every ledger
// right. Safe for concurrent use.
type Keeper struct {
	logger *slog.Logger
	now    func() time.Time

	// looking lets one look at a time change what is remembered.
	looking sync.Mutex
	folder  *folder

	mu sync.Mutex
	// head and newest are the folder's; lost is set while the ledger is behind.
	head   *Head
	newest Line
	lost   *Lost
	// forgetful: the last thing seen could not be written.
	forgetful bool
	// guarded lose their connections when the ledger goes back.
	guarded []*pgxpool.Pool
}

// Open takes the folder of a host, STATE_DIR, making it where there is none. An empty name is a nil Keeper. ErrInUse
// where another process has it.
func Open(dir string, logger *slog.Logger) (*Keeper, error) {
	if dir == "" {
		return nil, nil //nolint:nilnil // a host without a memory is a right one
	}
	f, err := openFolder(dir, time.Now)
	if err != nil {
		return nil, err
	}
	return &Keeper{logger: logger, now: time.Now, folder: f, head: f.head, newest: f.newest}, nil
}

// Close lets go of the folder.
func (k *Keeper) Close() {
	if k == nil {
		return
	}
	k.looking.Lock()
	defer k.looking.Unlock()
	k.folder.close()
}

// Lost answers what the ledger that went back is known to lack; false while none went back.
func (k *Keeper) Lost() (Lost, bool) {
	if k == nil {
		return Lost{}, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.lost == nil {
		return Lost{}, false
	}
	return *k.lost, true
}

// Head answers which ledger is remembered, with the newest event seen; false where nothing is.
func (k *Keeper) Head() (Head, Line, bool) {
	if k == nil {
		return Head{}, Line{}, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.head == nil {
		return Head{}, Line{}, false
	}
	return *k.head, k.newest, true
}

// Guard keeps a pool from connections to a ledger that is behind what is remembered: each new one is asked before
// anybody gets it. What a guarded pool refuses is ledger.ErrWentBack.
func (k *Keeper) Guard(cfg *pgxpool.Config) {
	if k == nil {
		return
	}
	cfg.BeforeConnect = func(context.Context, *pgx.ConnConfig) error {
		if _, back := k.Lost(); back {
			return ledger.ErrWentBack
		}
		return nil
	}
	connected := cfg.AfterConnect
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		if connected != nil {
			if err := connected(ctx, conn); err != nil {
				return err
			}
		}
		head, newest, any := k.Head()
		if !any {
			return nil
		}
		s, err := readStanding(ctx, conn, head.LedgerID, newest.Number)
		if err == nil && !s.holds(head, newest) {
			err = ledger.ErrWentBack // why, and what is missing, the next look finds out
		}
		return err
	}
}

// Cut lets a guarded pool lose the connections that it has, too, when the ledger goes back: behind a pooler, or where
// an older copy is read into the same database, they stay open.
func (k *Keeper) Cut(pool *pgxpool.Pool) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.guarded = append(k.guarded, pool)
}

// Compare compares the ledger with what is remembered, and remembers what is new in it. ledger.ErrWentBack says that it
// is behind; any other error that it could not be asked.
func (k *Keeper) Compare(ctx context.Context, db ledger.Reads) error {
	if k == nil {
		return nil
	}
	k.looking.Lock()
	defer k.looking.Unlock()
	head, newest, any := k.Head()
	s, err := readStanding(ctx, db, head.LedgerID, newest.Number)
	if err != nil {
		return err
	}
	switch {
	case !any:
		return k.first(ctx, db, s)
	case s.holds(head, newest):
		return k.follow(ctx, db, s)
	}
	return k.behind(ctx, db, s)
}

// first begins a memory. One that cannot be written is said, and stops nobody who never had one.
func (k *Keeper) first(ctx context.Context, db ledger.Reads, s standing) error {
	k.logger.InfoContext(ctx, "this host begins to remember which ledger it works with",
		slog.String("folder", k.folder.dir), slog.String("ledger", s.head.LedgerID))
	written, err := k.begin(ctx, db, s)
	if err != nil || !written {
		return err
	}
	return k.follow(ctx, db, s)
}

// begin remembers this ledger and no other, and says whether that is written.
func (k *Keeper) begin(ctx context.Context, db ledger.Reads, s standing) (written bool, err error) {
	newest, err := readEvent(ctx, db, max(s.newest-firstReach, s.dropped))
	if err != nil {
		return false, err
	}
	err = k.folder.begin(s.head, newest)
	k.remember(ctx, err)
	return err == nil, nil
}

// follow remembers what is new in a ledger that has all that was seen of it.
func (k *Keeper) follow(ctx context.Context, db ledger.Reads, s standing) error {
	if before := *k.folder.head; before != s.head {
		k.logger.InfoContext(ctx, "the ledger is on another server, or on another timeline of it, and has all that "+
			"was seen of it", slog.Int64("system", s.head.SystemIdentifier), slog.Int("timeline", int(s.head.Timeline)))
		k.remember(ctx, k.folder.note(s.head))
	}
	for range pagesAtOnce {
		if k.folder.newest.Number >= s.newest {
			break
		}
		lines, err := readLines(ctx, db, k.folder.newest.Number)
		if err != nil || len(lines) == 0 {
			return err
		}
		k.remember(ctx, k.folder.append(lines))
	}
	k.setLost(nil)
	return nil
}

func (k *Keeper) setLost(lost *Lost) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.lost = lost; lost == nil {
		return
	}
	for _, pool := range k.guarded {
		pool.Reset()
	}
}

// remember takes over what the folder has, and says once when that could not be written.
func (k *Keeper) remember(ctx context.Context, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil && !k.forgetful {
		k.logger.ErrorContext(ctx, "what this host sees of the ledger cannot be remembered: a ledger that went back "+
			"is found out only as far as it was", slog.String("folder", k.folder.dir), slog.Any("err", err))
	}
	k.forgetful = err != nil
	k.head, k.newest = k.folder.head, k.folder.newest
}

// behind finds out what a ledger lacks that is not as it is remembered.
func (k *Keeper) behind(ctx context.Context, db ledger.Reads, s standing) error {
	if s.confirmed {
		return k.accept(ctx, db, s)
	}
	if _, known := k.Lost(); known {
		return ledger.ErrWentBack
	}
	// Nobody works by it while that is being found out.
	k.setLost(&Lost{Since: k.now(), Newest: k.folder.newest, HasNewest: s.newest, HasTime: s.newestTime})
	lost, lacks, err := k.lacking(ctx, db, s)
	if err != nil {
		k.setLost(nil)
		return err
	}
	if !lacks {
		// A server took over that has it all, and had not numbered it yet.
		k.logger.WarnContext(ctx, "the ledger has all that was seen of it, under other numbers")
		k.setLost(nil)
		return k.again(ctx, db, s)
	}
	k.setLost(&lost)
	k.logger.ErrorContext(ctx, "the ledger is behind what this host remembers of it: nothing is read or sent until a "+
		"person confirms (账本比本机记得的旧，不读取也不发送，等人确认)", slog.String("detail", lost.Words()))
	return ledger.ErrWentBack
}

// accept begins anew with a ledger that a person confirmed in place of the one that is remembered.
func (k *Keeper) accept(ctx context.Context, db ledger.Reads, s standing) error {
	lost, known := k.Lost()
	if !known {
		var err error
		if lost, _, err = k.lacking(ctx, db, s); err != nil {
			return err
		}
	}
	k.logger.WarnContext(ctx, "a person confirmed this ledger: it counts from now on; what it lacks stays in the file",
		slog.String("file", previousName), slog.String("detail", lost.Words()))
	return k.again(ctx, db, s)
}

// again begins anew with a ledger that counts; nothing is done by it before that is written.
func (k *Keeper) again(ctx context.Context, db ledger.Reads, s standing) error {
	written, err := k.begin(ctx, db, s)
	if err != nil {
		return err
	}
	if !written {
		return ledger.ErrWentBack
	}
	return k.follow(ctx, db, s)
}

// compareWithin bounds how long a comparison takes, which reads all that is remembered.
const compareWithin = time.Minute

// lacking answers what a ledger lacks, and whether that is anything.
func (k *Keeper) lacking(ctx context.Context, db ledger.Reads, s standing) (lost Lost, lacks bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), compareWithin)
	defer cancel()
	lines, err := k.folder.read()
	if err != nil {
		return Lost{}, false, err
	}
	head, newest := *k.folder.head, k.folder.newest
	lost = Lost{
		Since: k.now(), Newest: newest, HasNewest: s.newest, HasTime: s.newestTime,
		AnotherLedger: s.head.LedgerID != head.LedgerID,
		AnotherServer: s.head.SystemIdentifier != head.SystemIdentifier,
	}
	lost.AnotherTimeline = !lost.AnotherServer && s.head.Timeline != head.Timeline
	oldest := k.now().Add(-linesKept)
	for end := len(lines); end > 0; {
		begin := max(0, end-asked)
		gone, err := missing(ctx, db, lines[begin:end])
		if err != nil {
			return Lost{}, false, err
		}
		for i := len(gone) - 1; i >= 0; i-- {
			lacks = lacks || gone[i].Number == newest.Number || gone[i].told()
			if !gone[i].Time.Before(oldest) {
				lost.count(gone[i])
			}
		}
		end = begin
	}
	return lost, lacks || lost.AnotherLedger, nil
}

func (l *Lost) count(line Line) {
	switch {
	case !line.told():
	case line.Kind == ledger.EventAct:
		l.ActCount++
		if len(l.Acts) < mostLost {
			l.Acts = append(l.Acts, line)
		}
	default:
		l.OutcomeCount++
		if len(l.Outcomes) < mostLost {
			l.Outcomes = append(l.Outcomes, line)
		}
	}
}
