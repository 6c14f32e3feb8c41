package telemetry

import (
	"errors"
	"net/url"
	"strings"

	"github.com/voidrelay/voidrelay/internal/settings"
)

// Settings say where traces go. The names and their meaning are OpenTelemetry's own
// (https://opentelemetry.io/docs/specs/otel/protocol/exporter/); the exporter and the SDK read the rest of that family,
// such as OTEL_EXPORTER_OTLP_HEADERS, OTEL_EXPORTER_OTLP_CERTIFICATE and OTEL_TRACES_SAMPLER, by themselves.
type Settings struct {
	// Endpoint is the collector's base URL (OTEL_EXPORTER_OTLP_ENDPOINT); empty = no traces.
	Endpoint string
	// Protocol is http/protobuf or grpc (OTEL_EXPORTER_OTLP_PROTOCOL); empty = http/protobuf.
	Protocol string
}

const (
	overHTTP = "http/protobuf"
	overGRPC = "grpc"
)

// ReadSettings reads the settings.
func ReadSettings(r *settings.Reader) Settings {
	s := Settings{
		Endpoint: r.Text("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
		Protocol: r.Choice("OTEL_EXPORTER_OTLP_PROTOCOL", overHTTP, overGRPC),
	}
	if err := s.check(); err != nil {
		r.Fault("OTEL_EXPORTER_OTLP_ENDPOINT", "%w", err)
	}
	if s.Endpoint != "" {
		checkFamily(r)
	}
	return s
}

// checkFamily looks at what the exporter reads by itself. It leaves out what it cannot read, and its own word about
// that, which we do not log, has the secret in it.
func checkFamily(r *settings.Reader) {
	for header := range strings.SplitSeq(r.Text("OTEL_EXPORTER_OTLP_HEADERS", ""), ",") {
		name, _, found := strings.Cut(header, "=")
		if strings.TrimSpace(header) != "" && (!found || strings.TrimSpace(name) == "") {
			r.Fault("OTEL_EXPORTER_OTLP_HEADERS",
				"not name=value, with commas between several; in a value, write , as %%2C")
			break
		}
	}
	if file := r.Text("OTEL_EXPORTER_OTLP_CERTIFICATE", ""); file != "" {
		if _, err := settings.ReadFile(file); err != nil {
			r.Fault("OTEL_EXPORTER_OTLP_CERTIFICATE", "%w", err)
		}
	}
}

func (s Settings) check() error {
	if s.Endpoint == "" {
		return nil
	}
	switch u, err := url.Parse(s.Endpoint); {
	case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https":
		return errors.New("not a collector's address such as http://127.0.0.1:4318")
	case u.User != nil:
		return errors.New("the address must not hold a user or password; OTEL_EXPORTER_OTLP_HEADERS takes them")
	}
	return nil
}
