package install_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
)

func check(settings map[string]string, opts install.Options, found ...error) []string {
	opts.Getenv = func(name string) string { return settings[name] }
	err := install.Check(opts, found...)
	if err == nil {
		return nil
	}
	var wrong *install.SettingsError
	if !errors.As(err, &wrong) {
		return []string{"no settings error: " + err.Error()}
	}
	return wrong.Problems
}

func TestTwoServicesOnOnePortAreNamed(t *testing.T) {
	sandboxes := install.Options{Sandboxes: true}
	require.Empty(t, check(nil, sandboxes))
	for name, c := range map[string]struct {
		settings map[string]string
		want     []string
	}{
		"the default of another": {
			map[string]string{"KINGDEESVC_ADDR": "127.0.0.1:7403"},
			[]string{"ORCHESTRATOR_GRPC_ADDR and KINGDEESVC_ADDR: both are 127.0.0.1:7403; they need a port each"},
		},
		"written otherwise": {
			map[string]string{"WMSSVC_ADDR": "localhost:7480"},
			[]string{"ORCHESTRATOR_HTTP_ADDR and WMSSVC_ADDR: 127.0.0.1:7480 and localhost:7480 are one port; they " +
				"need a port each"},
		},
		"both of the orchestrator, once": {
			map[string]string{"ORCHESTRATOR_GRPC_ADDR": "127.0.0.1:1", "ORCHESTRATOR_HTTP_ADDR": "127.0.0.1:1"},
			[]string{"ORCHESTRATOR_GRPC_ADDR and ORCHESTRATOR_HTTP_ADDR: both are 127.0.0.1:1; they need a port each"},
		},
		"free ones, and another address": {map[string]string{
			"KINGDEESVC_ADDR": "127.0.0.1:0", "WMSSVC_ADDR": "127.0.0.1:0", "ORCHESTRATOR_GRPC_ADDR": "127.0.0.2:7480",
		}, nil},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, check(c.settings, sandboxes)) })
	}
	require.Empty(t, check(map[string]string{"KINGDEESVC_ADDR": "127.0.0.1:7403"},
		install.Options{Sandboxes: true, FreePorts: true}))
}
