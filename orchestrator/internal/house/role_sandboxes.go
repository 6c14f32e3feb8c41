package house

import (
	"context"
	"log/slog"
)

// beginSandboxes starts both vendors, empty, with the platform between them that makes orders of audited bills.
func beginSandboxes(ctx context.Context, logger *slog.Logger) (service, error) {
	vendors, err := StartVendors(ctx, VendorOptions{Logger: logger})
	if err != nil {
		return service{}, err
	}
	stopped := make(chan struct{})
	return service{
		addrs: []string{vendors.Kingdee.URL(), vendors.WMS.URL()},
		wait:  func() error { <-stopped; return nil },
		stop: func(ctx context.Context) error {
			defer close(stopped)
			return vendors.Stop(ctx)
		},
	}, nil
}
