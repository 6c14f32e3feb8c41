package install

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	kingdee "github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	wms "github.com/voidrelay/voidrelay/wmssvc/sandbox"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// VendorOptions say what sandboxes to start.
type VendorOptions struct {
	// KingdeeAddr and WMSAddr are host:port; empty: a free port of 127.0.0.1.
	KingdeeAddr, WMSAddr string
	// StateDir keeps both sandboxes' bills and orders; empty keeps nothing. It is made if need be.
	StateDir string
	// Seed is the merchant that an empty Kingdee is filled with; 0 leaves it empty.
	Seed   uint64
	Logger *slog.Logger
}

// Vendors are both sandboxes and, between them, what an integration platform does when a bill is audited: it makes one
// warehouse order for each warehouse and direction, numbered like the bill.
type Vendors struct {
	Kingdee *kingdee.Server
	WMS     *wms.Server
	orders  *orders
}

// StartVendors starts both sandboxes. The WMS gets the orders of all bills that were ever audited, as the platform
// would have made them.
func StartVendors(ctx context.Context, opts VendorOptions) (*Vendors, error) {
	table, err := warehouseTable()
	if err != nil {
		return nil, err
	}
	kcfg := kingdee.Config{Addr: opts.KingdeeAddr, Seed: opts.Seed}
	wcfg := wms.Config{Addr: opts.WMSAddr}
	if opts.StateDir != "" {
		// The folder above is shared with a private Postgres, whose account passes through it.
		//nolint:gosec // G301: closed to others is what is in it
		if err := os.MkdirAll(filepath.Dir(opts.StateDir), 0o755); err != nil {
			return nil, fmt.Errorf("sandbox state: %w", err)
		}
		if err := os.MkdirAll(opts.StateDir, 0o700); err != nil {
			return nil, fmt.Errorf("sandbox state: %w", err)
		}
		kcfg.StateFile = filepath.Join(opts.StateDir, kingdeeState)
		wcfg.StateFile = filepath.Join(opts.StateDir, wmsState)
	}
	v := &Vendors{}
	if v.WMS, err = wms.Start(ctx, wcfg); err != nil {
		return nil, fmt.Errorf("WMS sandbox: %w", err)
	}
	v.orders = &orders{wms: v.WMS, warehouses: table, logger: opts.Logger}
	kcfg.OnAudit = v.orders.onAudit
	if v.Kingdee, err = kingdee.Start(ctx, kcfg); err != nil {
		return nil, errors.Join(fmt.Errorf("kingdee sandbox: %w", err), v.WMS.Stop(context.WithoutCancel(ctx)))
	}
	if err := v.orders.backfill(v.Kingdee); err != nil {
		return nil, errors.Join(err, v.Stop(context.WithoutCancel(ctx)))
	}
	return v, nil
}

// Names of the state files below VendorOptions.StateDir.
const (
	kingdeeState = "kingdee.json"
	wmsState     = "wms.jsonl"
)

// HasState says whether both sandboxes left their state in the folder.
func HasState(dir string) bool {
	for _, name := range []string{kingdeeState, wmsState} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// Settings point the adapters at the sandboxes.
func (v *Vendors) Settings() map[string]string { return SandboxSettings(v.Kingdee.URL(), v.WMS.URL()) }

// SandboxSettings point the adapters at sandboxes with these base URLs, which may be another process's.
func SandboxSettings(kingdeeURL, wmsURL string) map[string]string {
	k := kingdee.DefaultConfig()
	return map[string]string{
		"KINGDEE_BASE_URL":   kingdeeURL + "/K3Cloud/",
		"KINGDEE_ACCT_ID":    k.AcctID,
		"KINGDEE_USERNAME":   k.Username,
		"KINGDEE_APP_ID":     k.AppID,
		"KINGDEE_APP_SECRET": string(k.AppSecret),
		"KINGDEE_TIME_ZONE":  k.TimeZone.String(),
		"WMS_URL":            wmsURL,
		"WMS_SID":            wms.DemoSID,
		"WMS_APP_KEY":        wms.DemoAppKey,
		"WMS_APP_SECRET":     wms.DemoSecret,
	}
}

// Cancellable says whether each of a bill's orders that a shipped scheme cancels can still be cancelled.
func (v *Vendors) Cancellable(b books.Bill) bool {
	watched := 0
	for _, order := range b.Orders() {
		key, ok := v.orders.watched(order)
		if !ok {
			continue
		}
		watched++
		t, err := v.WMS.Truth(key)
		if err != nil || t.Order == nil || t.Order.State != warehouse.StateApproved {
			return false
		}
	}
	return watched > 0
}

// Stop ends both sandboxes and saves their state.
func (v *Vendors) Stop(ctx context.Context) error {
	return errors.Join(v.Kingdee.Stop(ctx), v.WMS.Stop(ctx))
}

// warehouseTable is the shipped schemes': Kingdee number → WMS code.
func warehouseTable() (map[string]string, error) {
	shipped, err := scheme.Shipped()
	if err != nil {
		return nil, err
	}
	table := make(map[string]string)
	for _, number := range []string{"CK001", "CK002", "CK003", "CK004", "CK005"} {
		for _, s := range shipped {
			if w, ok := s.Warehouse(number); ok && !w.Outside {
				table[number] = w.Code
			}
		}
	}
	return table, nil
}
