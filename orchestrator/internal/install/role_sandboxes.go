package install

import (
	"context"
	"log/slog"
	"time"

	"github.com/voidrelay/voidrelay/internal/serve"
)

// beginSandboxes starts both vendors, empty, with the platform between them that makes orders of audited bills.
func beginSandboxes(ctx context.Context, logger *slog.Logger) (service, error) {
	vendors, err := StartVendors(ctx, VendorOptions{Logger: logger})
	if err != nil {
		return service{}, err
	}
	return service{serve.NewLife(sandboxStop, vendors.Stop), []string{vendors.Kingdee.URL(), vendors.WMS.URL()}}, nil
}

// sandboxStop bounds the end of the sandboxes, which have nothing to finish.
const sandboxStop = 10 * time.Second
