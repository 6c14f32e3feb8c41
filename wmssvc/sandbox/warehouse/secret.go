package warehouse

import "log/slog"

// Secret is a signing key. It prints, logs and marshals as "redacted".
type Secret string

const redacted = "redacted"

// String is what fmt prints.
func (Secret) String() string { return redacted }

// GoString is what %#v prints.
func (Secret) GoString() string { return redacted }

// LogValue is what slog writes.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText is what JSON and YAML hold.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
