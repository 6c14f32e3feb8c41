// Package checkup answers in one list what somebody who installs voidrelay, or is called at night, needs to know: do
// both vendors, the database, the clocks, the schemes and this machine allow the program to run with these settings,
// and if not, which setting or command mends it.
//
// It promises to ask every question that can still be asked after one failed, each within a limit, and to write each
// answer in Chinese and in English. It changes nothing, starts nothing and sends nothing but each adapter's harmless
// calls. What a vendor allows is found by the adapters; how they are reached is the caller's.
package checkup

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/watched"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// Options are what is looked at, and by which ways.
type Options struct {
	// Kingdee and WMS ask the adapters, wherever they run; nil skips what they would say, for the reason in Without.
	Kingdee func(context.Context, *kingdeev1.CheckConnectionRequest) (*kingdeev1.CheckConnectionResponse, error)
	WMS     func(ctx context.Context, account string) (*wmsv1.CheckConnectionResponse, error)
	// MayCancel asks wmssvc whether the orchestrator may cancel orders there, which its WMS_CALLERS say; an error other
	// than a refusal says nothing. nil where wmssvc runs in the same process.
	MayCancel func(context.Context) error
	Without   Text
	// Files of adapters that run: what they tell is the matter with them, by the program's name. An error says nothing:
	// that an adapter does not answer is found elsewhere.
	AdapterFiles map[string]func(context.Context) ([]watched.Finding, error)
	// KingdeeAt and WMSAt say where the adapters run, host:port; empty: in this process, with this host's clock.
	KingdeeAt, WMSAt string

	// DatabaseURL names the ledger's database; empty skips it, for the reason in WithoutDatabase.
	DatabaseURL     string
	WithoutDatabase Text
	// NeedsDatabase: without DatabaseURL nothing runs, and that is a fault.
	NeedsDatabase bool
	// Migrates: the program migrates the ledger itself when it starts, as `voidrelay up` does.
	Migrates bool

	// Schemes reads the schemes; its error is scheme.Problems where the file can be read. SchemesFile is its name,
	// empty for the shipped ones.
	Schemes     func() ([]*scheme.Scheme, error)
	SchemesFile string

	// StateDirs are the folders in which this installation keeps what must survive a restart of the machine.
	StateDirs []string
	// MemoryDir is the folder in which the orchestrator remembers the ledger, STATE_DIR; empty: it remembers nothing.
	MemoryDir string
	// Certificates are those in the files that settings name.
	Certificates []Certificate
	// Files are what only the program's own account should read.
	Files []File

	// Doing tells what is being waited for; nil tells nobody.
	Doing *Doing
	// Callers are the lines of the file of callers; none where nobody is asked who he is.
	Callers []access.Listed
}

// File is a file that a setting names.
type File struct{ Setting, Path string }

// Certificate is when the first of the certificates in such a file ends, or why that is not known.
type Certificate struct {
	File
	End time.Time
	Err error
}

// Doing is what a run is waiting for; safe for concurrent use.
type Doing struct {
	mu    sync.Mutex
	names []string
}

// String lists what is being waited for.
func (d *Doing) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.names, ", ")
}

func (d *Doing) begin(name string) (end func()) {
	if d == nil {
		return func() {}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.names = append(d.names, name)
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if at := slices.Index(d.names, name); at >= 0 {
			d.names = slices.Delete(d.names, at, at+1)
		}
	}
}

// run is one checkup.
type run struct {
	Options

	schemes  []*scheme.Scheme
	kingdee  kingdeeSaid
	wms      []wmsSaid
	database databaseSaid
}

// Run asks everything, what does not hang on one another at once. The findings come by subject: schemes, Kingdee, WMS,
// database, clocks, this machine.
func Run(ctx context.Context, o Options) []Finding {
	r := &run{Options: o}
	findings := r.loadSchemes()
	var asking sync.WaitGroup
	asking.Go(func() {
		defer o.Doing.begin("金蝶 Kingdee")()
		r.kingdee = r.askKingdee(ctx)
	})
	asking.Go(func() {
		defer o.Doing.begin("旺店通 WMS")()
		r.wms = r.askWMS(ctx)
	})
	asking.Go(func() {
		defer o.Doing.begin("数据库 database")()
		r.database = r.askDatabase(ctx)
	})
	asking.Wait()

	findings = append(findings, r.schemeFindings()...)
	findings = append(findings, r.kingdee.findings...)
	for _, said := range r.wms {
		findings = append(findings, said.findings...)
	}
	findings = append(findings, r.environmentFindings()...)
	findings = append(findings, r.database.findings...)
	findings = append(findings, r.clockFindings()...)
	findings = append(append(findings, r.stateDirs()...), r.memoryDir())
	findings = append(append(findings, r.certificates()...), r.callers()...)
	return append(append(findings, r.files()...), r.adapterFiles(ctx)...)
}

// accounts are the WMS accounts that the schemes name; the default account where none does.
func (r *run) accounts() []string {
	var all []string
	for _, s := range r.schemes {
		all = append(all, s.Accounts()...)
	}
	slices.Sort(all)
	if all = slices.Compact(all); len(all) == 0 {
		return []string{""}
	}
	return all
}

// rounded is a difference of clocks as people read it.
func rounded(d time.Duration) time.Duration {
	if d.Abs() < time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}
