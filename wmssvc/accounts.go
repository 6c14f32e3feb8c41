package wmssvc

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/voidrelay/voidrelay/internal/settings"
)

// accountsFile is the form of WMS_ACCOUNTS_FILE. Secrets stand in files of their own, named relative to this one.
type accountsFile struct {
	Accounts []accountEntry `yaml:"accounts"`
}

type accountEntry struct {
	Name            string   `yaml:"name"`
	URL             string   `yaml:"url"`
	Dialect         string   `yaml:"dialect"`
	SignMethod      string   `yaml:"sign_method"`
	SID             string   `yaml:"sid"`
	AppKeyFile      string   `yaml:"app_key_file"`
	AppSecretFile   string   `yaml:"app_secret_file"`
	Rate            *float64 `yaml:"rate"`
	Concurrency     *int     `yaml:"concurrency"`
	Timeout         string   `yaml:"timeout"`
	CAFile          string   `yaml:"ca_file"`
	CertSHA256      string   `yaml:"cert_sha256"`
	ExtraOrderTypes []string `yaml:"extra_order_types"`
}

// fileKeys are the accounts file's names of the settings.
var fileKeys = map[string]string{
	"WMS_URL": "url", "WMS_DIALECT": "dialect", "WMS_SIGN_METHOD": "sign_method", "WMS_SID": "sid",
	"WMS_APP_KEY": "app_key_file", "WMS_APP_SECRET": "app_secret_file", "WMS_RATE": "rate",
	"WMS_CONCURRENCY": "concurrency", "WMS_TIMEOUT": "timeout", "WMS_EXTRA_ORDER_TYPES": "extra_order_types",
	"WMS_CA_FILE": "ca_file", "WMS_CERT_SHA256": "cert_sha256",
}

// called is what the operator wrote the setting as.
func (a Account) called(setting string) string {
	if a.file == "" {
		return setting
	}
	return fmt.Sprintf("WMS_ACCOUNTS_FILE %s, account %s: %s", a.file, a.Name, fileKeys[setting])
}

// loadAccounts reads the accounts file; what is wrong with the accounts themselves is found by plan. unread are the
// secrets whose fault it tells, by what the operator calls them.
func loadAccounts(path string) (accounts []Account, unread map[string]bool, err error) {
	f, err := readAccountsFile(path)
	if err != nil {
		return nil, nil, err
	}
	if len(f.Accounts) == 0 {
		return nil, nil, fmt.Errorf("WMS_ACCOUNTS_FILE %s: no accounts", path)
	}
	var problems []error
	unread = make(map[string]bool)
	for _, e := range f.Accounts {
		account, err := e.account(path, unread)
		problems = append(problems, err)
		accounts = append(accounts, account)
	}
	return accounts, unread, errors.Join(problems...)
}

func readAccountsFile(path string) (f accountsFile, err error) {
	content, err := settings.ReadText(path)
	if err != nil {
		return f, fmt.Errorf("WMS_ACCOUNTS_FILE: %w", err)
	}
	decoder := yaml.NewDecoder(strings.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(&f); err != nil {
		return f, fmt.Errorf("WMS_ACCOUNTS_FILE %s: %w", path, err)
	}
	return f, nil
}

// filesOf are the accounts file and the files that it names.
func filesOf(path string) []string {
	files := []string{path}
	f, _ := readAccountsFile(path) // one that is wrong names none
	for _, e := range f.Accounts {
		for _, name := range []string{e.AppKeyFile, e.AppSecretFile, e.CAFile} {
			if name != "" {
				files = append(files, beside(path, name))
			}
		}
	}
	return files
}

func (e accountEntry) account(path string, unread map[string]bool) (Account, error) {
	a := Account{
		Name: e.Name, URL: e.URL, Dialect: e.Dialect, SignMethod: e.SignMethod, SID: e.SID,
		Rate: e.Rate, Concurrency: e.Concurrency, ExtraOrderTypes: e.ExtraOrderTypes,
		CertSHA256: e.CertSHA256, file: path,
	}
	if e.CAFile != "" {
		a.CAFile = beside(path, e.CAFile)
	}
	var problems []error
	if e.Timeout != "" {
		var err error
		if a.Timeout, err = time.ParseDuration(e.Timeout); err != nil {
			problems = append(problems,
				fmt.Errorf("%s: %q is not a duration, such as 20s", a.called("WMS_TIMEOUT"), e.Timeout))
		}
	}
	for _, secret := range []struct {
		setting, file string
		into          *settings.Secret
	}{{"WMS_APP_KEY", e.AppKeyFile, &a.AppKey}, {"WMS_APP_SECRET", e.AppSecretFile, &a.AppSecret}} {
		if secret.file == "" {
			continue // plan says that it is not set
		}
		var err error
		if *secret.into, err = settings.ReadSecret(beside(path, secret.file)); err != nil {
			unread[a.called(secret.setting)] = true
			problems = append(problems, fmt.Errorf("%s: %w", a.called(secret.setting), err))
		}
	}
	return a, errors.Join(problems...)
}

// beside answers where a file named in the accounts file is.
func beside(path, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(path), name)
}
