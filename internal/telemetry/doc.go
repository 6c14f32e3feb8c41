// Package telemetry is how one looks into a running service: its log, its metrics in Prometheus' text format, and its
// traces over OpenTelemetry's OTLP where OTEL_EXPORTER_OTLP_ENDPOINT says where to send them.
//
// It promises that looking never fails nor holds up a call, that a log line is one JSON object with the request and
// trace it belongs to, and that lines of libraries take the same way. What is worth a line or a metric is each
// service's own business.
package telemetry
