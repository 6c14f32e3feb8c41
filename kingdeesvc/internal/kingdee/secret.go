package kingdee

import "github.com/voidrelay/voidrelay/internal/settings"

// Secret is a text that no log, error or dump shows.
type Secret = settings.Secret
