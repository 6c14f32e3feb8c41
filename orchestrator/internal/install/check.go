package install

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"time"

	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/settings"
	"github.com/voidrelay/voidrelay/internal/watched"
	"github.com/voidrelay/voidrelay/kingdeesvc"
	"github.com/voidrelay/voidrelay/orchestrator"
	"github.com/voidrelay/voidrelay/orchestrator/internal/checkup"
	"github.com/voidrelay/voidrelay/orchestrator/internal/host"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install/privatepg"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc"
)

// dialWithin is how long a port of this machine is waited for before an adapter counts as not running.
const dialWithin = 500 * time.Millisecond

// Checkup prepares the check of the installation that the settings describe; nothing is asked yet. With the vendors'
// settings it is one process (`voidrelay up`): an adapter that listens is asked, one that does not is tried in this
// process. With DATABASE_URL or a target of an adapter alone it is an orchestrator beside its adapters, which are asked
// at their targets. With neither it is `voidrelay up` on sandboxes, which are there only while it runs.
//
// Faults of settings are a *SettingsError; those of the schemes file are findings. close ends what Checkup opened.
func Checkup(ctx context.Context, getenv func(string) string) (o checkup.Options, closing func(), err error) {
	c := &checkupWay{getenv: getenv}
	r := settings.New(getenv)
	o.SchemesFile = r.Text("SCHEMES_FILE", "")
	o.Schemes = func() ([]*scheme.Scheme, error) {
		if o.SchemesFile == "" {
			return scheme.Shipped()
		}
		return scheme.LoadFile(o.SchemesFile)
	}
	o.Files, o.Certificates, o.Callers = secretFiles(r), certificates(r), callers(r)
	real, mixed := RealVendors(getenv)
	named := given(getenv, "DATABASE_URL") || given(getenv, "DATABASE_URL_FILE")
	switch {
	case real || mixed != nil:
		err = c.oneProcess(ctx, &o, mixed)
	case named || given(getenv, "KINGDEESVC_TARGET") || given(getenv, "WMSSVC_TARGET"):
		err = c.beside(&o, named)
	default:
		err = c.onSandboxes(ctx, &o)
	}
	if err != nil {
		c.close()
		return checkup.Options{}, nil, err
	}
	return o, c.close, nil
}

// checkupWay is what Checkup opens.
type checkupWay struct {
	getenv func(string) string
	open   []io.Closer
}

func (c *checkupWay) close() {
	for _, one := range c.open {
		_ = one.Close()
	}
}

// withoutSchemes hides the schemes file: its faults are findings.
func (c *checkupWay) withoutSchemes(name string) string {
	if name == "SCHEMES_FILE" {
		return ""
	}
	return c.getenv(name)
}

// oneProcess is `voidrelay up` on real vendors.
func (c *checkupWay) oneProcess(ctx context.Context, o *checkup.Options, mixed error) error {
	found := []error{mixed}
	if o.SchemesFile == "" {
		found = append(found, errors.New("SCHEMES_FILE: not set; real vendors need schemes of their own "+
			"(`voidrelay scheme check FILE` tries one)"))
	}
	options := Options{Getenv: c.withoutSchemes}
	cfg, err := options.load(nil, options.placeholder())
	if err := settingsError(errors.Join(append(found, err)...)); err != nil {
		return err
	}
	for account, path := range cfg.wms.AuthorityFiles() {
		end, err := access.EndOf(path)
		o.Certificates = append(o.Certificates, checkup.Certificate{
			File: checkup.File{Setting: "WMS_ACCOUNTS_FILE ca_file " + account, Path: path}, End: end, Err: err,
		})
	}
	o.Migrates = true
	o.MemoryDir = cmp.Or(cfg.orchestrator.StateDir, MemoryDir())
	quiet := slog.New(slog.DiscardHandler)
	if at := cfg.kingdee.Addr; listens(ctx, at) {
		if err := c.askKingdeeAt(o, at, wayBeside(c.getenv)); err != nil {
			return err
		}
	} else {
		o.Kingdee = func(
			ctx context.Context, q *kingdeev1.CheckConnectionRequest,
		) (*kingdeev1.CheckConnectionResponse, error) {
			return kingdeesvc.Check(ctx, cfg.kingdee, q, quiet)
		}
	}
	if at := cfg.wms.Addr; listens(ctx, at) {
		if err := c.askWMSAt(o, at, wayBeside(c.getenv)); err != nil {
			return err
		}
	} else {
		o.WMS = func(ctx context.Context, account string) (*wmsv1.CheckConnectionResponse, error) {
			return wmssvc.CheckAccount(ctx, cfg.wms, account)
		}
	}
	return c.database(ctx, o)
}

// beside is an orchestrator with its adapters elsewhere.
func (c *checkupWay) beside(o *checkup.Options, named bool) error {
	cfg, err := orchestrator.LoadConfig(func(name string) string {
		if name == "DATABASE_URL" && !named {
			return "postgres://127.0.0.1/unset" // that none is set is a finding, and the adapters are asked
		}
		return c.withoutSchemes(name)
	})
	if err != nil {
		return settingsError(err)
	}
	toKingdee, err := cfg.AdapterWay(cfg.KingdeeTarget)
	if err != nil {
		return settingsError(err)
	}
	toWMS, err := cfg.AdapterWay(cfg.WMSTarget)
	if err != nil {
		return settingsError(err)
	}
	if o.NeedsDatabase = true; named {
		o.DatabaseURL = cfg.DatabaseURL.Reveal()
	}
	o.MemoryDir = cfg.StateDir
	if err := c.askKingdeeAt(o, cfg.KingdeeTarget, toKingdee); err != nil {
		return err
	}
	return c.askWMSAt(o, cfg.WMSTarget, toWMS)
}

// onSandboxes is `voidrelay up`, run or neither, without any setting.
func (c *checkupWay) onSandboxes(ctx context.Context, o *checkup.Options) error {
	options := Options{Getenv: c.withoutSchemes, Sandboxes: true}
	if err := Check(options); err != nil {
		return err
	}
	cfg, err := options.load(map[string]string{
		"KINGDEE_BASE_URL": "http://127.0.0.1:1/K3Cloud/", "KINGDEE_ACCT_ID": "x", "KINGDEE_USERNAME": "x",
		"KINGDEE_APP_ID": "x", "KINGDEE_APP_SECRET": "x", "WMS_URL": "http://127.0.0.1:1/", "WMS_SID": "x",
		"WMS_APP_KEY": "x", "WMS_APP_SECRET": "x",
	}, options.placeholder())
	if err != nil {
		return err
	}
	o.Migrates = true
	o.MemoryDir = cmp.Or(cfg.orchestrator.StateDir, MemoryDir())
	o.Without = checkup.Text{
		ZH: "没有设置厂商（KINGDEE_BASE_URL、WMS_URL），沙箱随 `voidrelay up` 启动",
		EN: "no vendor is set (KINGDEE_BASE_URL, WMS_URL); the sandboxes run while `voidrelay up` does",
	}
	if at := cfg.kingdee.Addr; listens(ctx, at) {
		if err := c.askKingdeeAt(o, at, wayBeside(c.getenv)); err != nil {
			return err
		}
	}
	if at := cfg.wms.Addr; listens(ctx, at) {
		if err := c.askWMSAt(o, at, wayBeside(c.getenv)); err != nil {
			return err
		}
	}
	return c.database(ctx, o)
}

// database is the one that `voidrelay up` uses: a private one is asked only while it runs.
func (c *checkupWay) database(ctx context.Context, o *checkup.Options) (err error) {
	if o.DatabaseURL, err = DatabaseURL(c.getenv); err != nil || o.DatabaseURL != "" {
		return err
	}
	dir, url := privatepg.Standing(".")
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	o.StateDirs = append(o.StateDirs, dir)
	o.WithoutDatabase = checkup.Text{
		ZH: "没有设置 DATABASE_URL，自带数据库随 `voidrelay up` 启动",
		EN: "DATABASE_URL is not set; the private Postgres runs while `voidrelay up` does",
	}
	if url != "" && answers(ctx, url) {
		o.DatabaseURL = url
	}
	return nil
}

// answers says whether the private server that left its address runs.
func answers(ctx context.Context, url string) bool {
	_, err := SchemaVersion(ctx, url)
	return err == nil
}

// askFiles asks a running adapter what is the matter with its files, which it tells everybody with its health.
func (c *checkupWay) askFiles(o *checkup.Options, name string, conn *grpc.ClientConn) {
	if o.AdapterFiles == nil {
		o.AdapterFiles = map[string]func(context.Context) ([]watched.Finding, error){}
	}
	o.AdapterFiles[name] = func(ctx context.Context) ([]watched.Finding, error) {
		var header metadata.MD
		_, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{}, grpc.Header(&header))
		return host.FoundIn(header), err
	}
}

func (c *checkupWay) askKingdeeAt(o *checkup.Options, target string, way serve.DialOptions) error {
	conn, err := serve.Dial(target, way)
	if err != nil {
		return settingsError(err)
	}
	c.open = append(c.open, conn)
	c.askFiles(o, "kingdeesvc", conn)
	client := kingdeev1.NewBillServiceClient(conn)
	o.KingdeeAt = target
	o.Kingdee = func(
		ctx context.Context, q *kingdeev1.CheckConnectionRequest,
	) (*kingdeev1.CheckConnectionResponse, error) {
		return client.CheckConnection(ctx, q)
	}
	return nil
}

func (c *checkupWay) askWMSAt(o *checkup.Options, target string, way serve.DialOptions) error {
	conn, err := serve.Dial(target, way)
	if err != nil {
		return settingsError(err)
	}
	c.open = append(c.open, conn)
	c.askFiles(o, "wmssvc", conn)
	client := wmsv1.NewOrderServiceClient(conn)
	o.WMSAt = target
	o.WMS = func(ctx context.Context, account string) (*wmsv1.CheckConnectionResponse, error) {
		return client.CheckConnection(ctx, &wmsv1.CheckConnectionRequest{Account: account})
	}
	o.MayCancel = func(ctx context.Context) error {
		// No order: whoever may ask is told that this is invalid.
		_, err := client.CancelOrder(ctx, &wmsv1.CancelOrderRequest{})
		return err
	}
	return nil
}

// listens says whether somebody takes connections at an address.
func listens(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// certificates are those in the files that the settings name.
func certificates(r *settings.Reader) []checkup.Certificate {
	var all []checkup.Certificate
	for _, name := range []string{
		"TLS_CERT_FILE", "TLS_CLIENT_CA_FILE", "ADAPTER_CA_FILE", "KINGDEE_CA_FILE", "WMS_CA_FILE",
	} {
		if path := r.Text(name, ""); path != "" {
			end, err := access.EndOf(path)
			all = append(all, checkup.Certificate{File: checkup.File{Setting: name, Path: path}, End: end, Err: err})
		}
	}
	return all
}

// callers are the lines of the file of callers that the settings name; none where it cannot be read, which the settings
// themselves are refused for.
func callers(r *settings.Reader) []access.Listed {
	path := r.Text("AUTH_CALLERS_FILE", "")
	if path == "" {
		return nil
	}
	known, err := access.LoadCallers(path)
	if err != nil {
		return nil
	}
	return known.List()
}

// secretFiles are the files of secrets that the settings name.
func secretFiles(r *settings.Reader) []checkup.File {
	var files []checkup.File
	for _, name := range []string{
		"DATABASE_URL_FILE", "ADAPTER_TOKEN_FILE", "AUTH_CALLERS_FILE", "TLS_KEY_FILE", "KINGDEE_APP_SECRET_FILE",
		"KINGDEE_PASSWORD_FILE", "WMS_APP_KEY_FILE", "WMS_APP_SECRET_FILE", "WMS_ACCOUNTS_FILE",
	} {
		if path := r.Text(name, ""); path != "" {
			files = append(files, checkup.File{Setting: name, Path: path})
		}
	}
	return files
}
