package sandbox

import "log/slog"

// Secret is a signing key. It prints, logs and marshals as "redacted".
type Secret string

const redacted = "redacted"

func (Secret) String() string               { return redacted }
func (Secret) GoString() string             { return redacted }
func (Secret) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
