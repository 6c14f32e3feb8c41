package wmssvc

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/settings"
	"github.com/voidrelay/voidrelay/wmssvc/internal/account"
	"github.com/voidrelay/voidrelay/wmssvc/internal/dictionary"
	"github.com/voidrelay/voidrelay/wmssvc/internal/wms"
)

// plan is a Config found sound, with its files read.
type plan struct {
	accounts []account.Settings
	words    *dictionary.Dictionary
	guard    access.Guard
}

// plan checks everything that can be checked without a network and reports all of it at once. told says of a secret
// that its fault was told already, so that it may be missing.
func (c Config) plan(told func(setting string) bool) (plan, error) {
	var p plan
	var problems []error
	var err error
	p.accounts, err = planAccounts(c.Accounts, told)
	problems = append(problems, err)
	p.words, err = loadDictionary(c.DictionaryFile)
	problems = append(problems, err)
	p.guard, err = c.Access.Open()
	problems = append(problems, err,
		access.CheckAddr("WMSSVC_ADDR", c.Addr, exampleAddr, c.Access),
		access.CheckOpsAddr("WMSSVC_OPS_ADDR", c.OpsAddr, exampleOps))
	return p, errors.Join(problems...)
}

// planAccounts checks the accounts; for told see plan.
func planAccounts(accounts []Account, told func(setting string) bool) ([]account.Settings, error) {
	var all []account.Settings
	var problems []error
	seen := make(map[string]bool, len(accounts))
	for _, a := range accounts {
		settings, err := a.settings(told)
		if seen[a.Name] {
			err = errors.Join(err, fmt.Errorf("account %q is configured twice", a.Name))
		}
		seen[a.Name] = true
		problems = append(problems, err)
		all = append(all, settings)
	}
	if len(accounts) == 0 {
		problems = append(problems, errors.New("no WMS account is configured"))
	}
	return all, errors.Join(problems...)
}

// nothingTold is for a Config that no environment was read for.
func nothingTold(string) bool { return false }

func loadDictionary(path string) (*dictionary.Dictionary, error) {
	if path == "" {
		return dictionary.Default()
	}
	content, err := settings.ReadText(path)
	if err != nil {
		return nil, fmt.Errorf("WMS_DICTIONARY: %w", err)
	}
	words, err := dictionary.Extend([]byte(content))
	if err != nil {
		return nil, fmt.Errorf("WMS_DICTIONARY %s: %w", path, err)
	}
	return words, nil
}

var orderTypeForm = regexp.MustCompile(`^[A-Z0-9]{2,20}$`)

// settings checks one account; for told see plan.
func (a Account) settings(told func(setting string) bool) (account.Settings, error) {
	var problems []error
	problem := func(setting, format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: %w", a.called(setting), fmt.Errorf(format, args...)))
	}
	out := account.Settings{
		Name: a.Name, Partner: a.SID, AppKey: a.AppKey.Reveal(), Secret: a.AppSecret.Reveal(),
		SignMethod: a.SignMethod, ExtraOrderTypes: a.ExtraOrderTypes, Timeout: a.Timeout,
		Concurrency: a.Concurrency, Rate: a.Rate,
	}
	if a.Name == "" {
		problems = append(problems, errors.New("an account has no name"))
	}
	required := []struct{ setting, value string }{
		{"WMS_URL", a.URL}, {"WMS_SID", a.SID},
		{"WMS_APP_KEY", a.AppKey.Reveal()}, {"WMS_APP_SECRET", a.AppSecret.Reveal()},
	}
	for _, r := range required {
		if r.value == "" && !told(a.called(r.setting)) {
			problem(r.setting, "not set")
		}
	}
	if out.Timeout == 0 {
		out.Timeout = defaultTimeout
	}
	if out.Timeout < 0 || out.Timeout > maxTimeout {
		problem("WMS_TIMEOUT", "%s is not between 0 and %s", out.Timeout, maxTimeout)
	}
	if r := a.Rate; r != nil && !(*r >= 0 && *r <= maxRate) {
		problem("WMS_RATE", "%v is not between 0 (no limit) and %d", *r, maxRate)
	}
	if n := a.Concurrency; n != nil && (*n < 1 || *n > maxConcurrency) {
		problem("WMS_CONCURRENCY", "%d is not between 1 and %d", *n, maxConcurrency)
	}
	for _, code := range a.ExtraOrderTypes {
		if !orderTypeForm.MatchString(code) {
			problem("WMS_EXTRA_ORDER_TYPES", "%q is no order type code, such as CNJG", code)
		}
	}
	dialect, ok := wms.FindDialect(withDefault(a.Dialect, "wdt"))
	if !ok {
		problem("WMS_DIALECT", "%q is none of %s", a.Dialect, wms.DialectNames())
		return out, errors.Join(problems...)
	}
	out.Dialect = dialect
	if methods := dialect.SignMethods(); a.SignMethod != "" && !slices.Contains(methods, a.SignMethod) {
		problem("WMS_SIGN_METHOD", "%q is none of %s, which dialect %s has", a.SignMethod,
			strings.Join(methods, ", "), dialect.Name)
	}
	if a.URL != "" {
		endpoint, err := endpoint(a.URL, dialect)
		if err != nil {
			problem("WMS_URL", "%w", err)
		}
		out.Endpoint = endpoint
	}
	if a.CAFile != "" {
		pool, err := a.pool()
		if err == nil && out.Endpoint != nil && out.Endpoint.Scheme != "https" {
			err = errors.New("the address is not an https one, so no certificate is looked at")
		}
		if err != nil {
			problem("WMS_CA_FILE", "%w", err)
		}
		out.Roots = pool.Beside()
	}
	pins, err := a.pins(out)
	if err != nil {
		problem("WMS_CERT_SHA256", "%w", err)
	}
	out.Pins = pins
	return out, errors.Join(problems...)
}

// pool are those who vouch for the server beside the system's.
func (a Account) pool() (*access.Pool, error) {
	if a.ca != nil {
		return a.ca, nil
	}
	return access.LoadPool(a.CAFile)
}

// pins reads the certificates that the account's server may show.
func (a Account) pins(s account.Settings) ([]wms.Fingerprint, error) {
	var pins []wms.Fingerprint
	for _, text := range strings.FieldsFunc(a.CertSHA256, func(r rune) bool { return r == ',' }) {
		pin, err := wms.ParseFingerprint(text)
		if err != nil {
			return nil, fmt.Errorf("%q is %w", text, err)
		}
		pins = append(pins, pin)
	}
	switch {
	case len(pins) == 0:
		return nil, nil
	case a.CAFile != "":
		return nil, fmt.Errorf("%s names whom to trust already; one of the two is enough", a.called("WMS_CA_FILE"))
	case s.Endpoint != nil && s.Endpoint.Scheme != "https":
		return nil, errors.New("the address is not an https one, so no certificate is looked at")
	}
	return pins, nil
}

// endpoint checks the address. It never repeats it whole in an error: people put passwords into addresses.
func endpoint(address string, dialect wms.Dialect) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("not an address such as https://host/path")
	case strings.ContainsFunc(u.Host, func(r rune) bool { return r > unicode.MaxASCII }):
		return nil, errors.New("the host must be written in ASCII (xn--…)")
	case u.User != nil:
		return nil, errors.New("the address must not hold a user or password")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("the address must not have a query or fragment; system parameters are added here")
	}
	if port := u.Port(); port != "" || strings.HasSuffix(u.Host, ":") {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, fmt.Errorf("the port %q is not between 1 and 65535", port)
		}
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = dialect.Path
	}
	return u, nil
}

func withDefault(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
