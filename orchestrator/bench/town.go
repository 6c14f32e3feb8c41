package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/house"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// town is the sandboxes and the database in this process, and the three services in theirs.
type town struct {
	database *house.Database
	vendors  *house.Vendors
	services []*house.Process
	client   *house.Client
	dir      string
}

func open(ctx context.Context, s settings) (*town, error) {
	t := &town{}
	if err := t.open(ctx, s); err != nil {
		return nil, errors.Join(err, t.close())
	}
	return t, nil
}

func (t *town) open(ctx context.Context, s settings) error {
	var err error
	log := io.Discard
	if s.verbose {
		log = os.Stderr
	}
	if t.dir, err = os.MkdirTemp("", "voidrelay-bench-"); err != nil {
		return err
	}
	schemes := filepath.Join(t.dir, "schemes.yaml")
	if err := os.WriteFile(schemes, withoutBrakes(scheme.ShippedDocument()), 0o600); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if t.database, err = house.OpenDatabase(ctx, "", "", logger); err != nil {
		return err
	}
	if t.vendors, err = house.StartVendors(ctx, house.VendorOptions{Logger: logger}); err != nil {
		return err
	}
	personality := t.vendors.WMS.Personality()
	personality.LatencyMS = int(s.latency.Milliseconds())
	if err := t.vendors.WMS.SetPersonality(personality); err != nil {
		return err
	}
	kingdee, err := t.start(ctx, house.RoleKingdee, t.vendors.Settings(), log)
	if err != nil {
		return err
	}
	wms, err := t.start(ctx, house.RoleWMS, t.vendors.Settings(), log)
	if err != nil {
		return err
	}
	orchestrator, err := t.start(ctx, house.RoleOrchestrator, map[string]string{
		"DATABASE_URL": t.database.URL(), "KINGDEESVC_TARGET": kingdee.Addrs[0], "WMSSVC_TARGET": wms.Addrs[0], "SCHEMES_FILE": schemes,
	}, log)
	if err != nil {
		return err
	}
	if t.client, err = house.Dial(orchestrator.Addrs[0], house.DialOptions{}); err != nil {
		return err
	}
	return t.client.Baseline(ctx)
}

func (t *town) start(ctx context.Context, role string, settings map[string]string, log io.Writer) (*house.Process, error) {
	env := map[string]string{"LOG_LEVEL": "warn"}
	maps.Copy(env, settings)
	p, err := house.StartProcess(ctx, role, env, log)
	if err == nil {
		t.services = append(t.services, p)
	}
	return p, err
}

func (t *town) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var problems []error
	if t.client != nil {
		problems = append(problems, t.client.Close())
	}
	for i := len(t.services) - 1; i >= 0; i-- {
		problems = append(problems, t.services[i].Stop(ctx))
	}
	if t.vendors != nil {
		problems = append(problems, t.vendors.Stop(ctx))
	}
	if t.database != nil {
		problems = append(problems, t.database.Stop(ctx))
	}
	return errors.Join(append(problems, os.RemoveAll(t.dir))...)
}

// withoutBrakes is the shipped scheme with brakes that nothing here trips.
func withoutBrakes(document []byte) []byte {
	const before = "    triggers: [voided]\n"
	return bytes.Replace(document, []byte(before), []byte(before+"    brakes: {per_hour: 1000000, per_day: 1000000}\n"), 1)
}
