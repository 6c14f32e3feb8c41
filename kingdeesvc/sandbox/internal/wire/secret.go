package wire

import "log/slog"

// Secret is a credential; printed or logged it shows nothing of itself.
type Secret string

const redacted = "[redacted]"

func (Secret) String() string { return redacted }

// GoString keeps %#v from showing the value.
func (Secret) GoString() string { return redacted }

// LogValue keeps slog from showing the value.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText keeps encoders from showing the value.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
