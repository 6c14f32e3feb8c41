package install

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/settings"
)

// AdapterFiles are the token by which the orchestrator of one process is known to the adapters beside it, and the file
// of callers that they know it by. Without them any program of the machine could cancel orders past the ledger.
type AdapterFiles struct{ Token, Callers string }

// adapterFiles says where `voidrelay up` keeps them.
func adapterFiles(getenv func(string) string) (AdapterFiles, error) {
	home := settings.New(getenv).Text("STATE_DIR", DataHome())
	dir, err := filepath.Abs(filepath.Join(home, "adapters"))
	return AdapterFiles{Token: filepath.Join(dir, "token"), Callers: filepath.Join(dir, "callers")}, err
}

// MakeAdapterFiles makes them where they are not there yet, for this account alone.
func MakeAdapterFiles(getenv func(string) string) (AdapterFiles, error) {
	files, err := adapterFiles(getenv)
	if err != nil {
		return files, err
	}
	_, tokenErr := settings.ReadSecret(files.Token)
	_, callersErr := access.LoadCallers(files.Callers)
	if tokenErr == nil && callersErr == nil {
		return files, nil
	}
	if err := os.MkdirAll(filepath.Dir(files.Token), 0o700); err != nil {
		return files, fmt.Errorf("the adapters' token: %w", err)
	}
	if err := os.Remove(files.Callers); err != nil && !errors.Is(err, os.ErrNotExist) {
		return files, fmt.Errorf("the adapters' token: %w", err)
	}
	token, err := access.CreateToken(files.Callers, "orchestrator", access.Viewer, time.Time{})
	if err == nil {
		err = os.WriteFile(files.Token, []byte(token+"\n"), 0o600)
	}
	if err != nil {
		return files, fmt.Errorf("the adapters' token: %w", err)
	}
	return files, nil
}

// wayBeside is how an adapter is asked that `voidrelay up` runs.
func wayBeside(getenv func(string) string) serve.DialOptions {
	files, err := adapterFiles(getenv)
	if err != nil {
		return serve.DialOptions{}
	}
	token, _ := settings.ReadSecret(files.Token) // where there is none, none is wanted
	return serve.DialOptions{Token: token}
}
