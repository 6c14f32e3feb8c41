package ledger

import (
	"errors"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// ExampleURL is what a database is named like.
const ExampleURL = "such as postgres://user:password@host:5432/database"

// errURL says nothing of what it is about: whatever cannot be parsed may be a part of the password.
var errURL = errors.New("not a Postgres address " + ExampleURL +
	" (or host=… user=… password=… dbname=…); in a URL, write " +
	"@ : / ? # % and blanks of a password as %40 %3A %2F %3F %23 %25 %20; elsewhere put a password with blanks or " +
	"quotes between ' and '")

// CheckURL says whether pgx will understand the address as it is meant. Its error has no character of it. An address
// that has two readings, because its password holds a character that ends a part of a URL, is refused: the server that
// such a one leads to is a piece of the password.
func CheckURL(address string) error {
	if !unambiguous(address) {
		return errURL
	}
	if _, err := pgconn.ParseConfig(address); err != nil {
		return errURL
	}
	return nil
}

func unambiguous(address string) bool {
	rest, isURL := strings.CutPrefix(address, "postgres://")
	if !isURL {
		rest, isURL = strings.CutPrefix(address, "postgresql://")
	}
	if !isURL {
		return keywordsKnown(address)
	}
	if strings.Count(rest, "@") > 1 {
		return false
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 && strings.ContainsAny(rest[i:], "@#") {
		return false
	}
	parsed, err := url.Parse(address)
	if err != nil {
		return false
	}
	for name := range parsed.Query() {
		if !knownKeyword(name) {
			return false
		}
	}
	return true
}

// keywordsKnown says whether each name=value of a keyword text is a setting that exists: a password with a blank in it,
// and no quotes around it, ends in words that are none.
func keywordsKnown(text string) bool {
	config, err := pgconn.ParseConfig(text)
	if err != nil {
		return false
	}
	for name := range config.RuntimeParams {
		if !knownKeyword(name) {
			return false
		}
	}
	return true
}

// knownKeyword says whether a name is one of libpq's or pgx's own, or a server setting, all of which but a
// few have a _.
func knownKeyword(name string) bool {
	switch name {
	case "host", "hostaddr", "port", "user", "password", "dbname", "database", "passfile", "service", "servicefile",
		"options",
		"sslmode", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslsni", "sslnegotiation", "sslcrl",
		"sslcrldir", "krbsrvname",
		"krbspn", "gssencmode", "target_session_attrs", "timezone", "keepalives", "jit", "role":
		return true
	}
	return strings.Contains(name, "_") && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_.") == ""
}
