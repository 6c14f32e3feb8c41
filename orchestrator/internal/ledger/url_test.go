package ledger_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// pgx's own error for an address that it cannot parse quotes what stands behind the first @, #, / or ? of the password.
func TestAnAddressThatCannotBeParsedShowsNoCharacterOfItsPassword(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"postgres://voidrelay:ZYX#QJV@127.0.0.1:5432/db", "postgres://voidrelay:ZYX/QJV@127.0.0.1:5432/db",
		"postgres://voidrelay:ZYX?QJV@127.0.0.1:5432/db", "postgres://voidrelay:ZYX%zzQJV@127.0.0.1:5432/db",
		"postgres://voidrelay:ZYX QJV@127.0.0.1:5432/db", "postgres://voidrelay:ZYX@QJV/W@127.0.0.1:5432/db",
		"postgres://voidrelay:ZYX@QJV@127.0.0.1:5432/db",
		"postgresql://voidrelay:ZYX[QJV@127.0.0.1:5432/db", "postgres://voidrelay:ZYX@127.0.0.1:port/db",
		// Read by pgx without a word, as a server, a port and a database that are pieces of the password.
		"postgres://voidrelay:12/ZYX@127.0.0.1/db", "postgres://voidrelay:12?ZYX@127.0.0.1/db",
		"postgres://voidrelay:12#ZYX@127.0.0.1/db",
		"postgres://voidrelay:12?ZYX=QJV@127.0.0.1/db", "postgres://voidrelay:x@127.0.0.1/db?ZYX=QJV",
		"host=127.0.0.1 user=voidrelay password=ZYX QJV dbname=db",
		"host=127.0.0.1 user=voidrelay password=ZYX QJV=W dbname=db",
		"host=127.0.0.1 user=voidrelay password='ZYX dbname=db", "host=127.0.0.1 port=ZYX password=QJV",
		"ZYX", "mysql://voidrelay:ZYX@127.0.0.1/db",
	} {
		err := ledger.CheckURL(address)
		require.Error(t, err, address)
		_, opened := ledger.Open(t.Context(), address)
		require.ErrorContains(t, opened, "DATABASE_URL: ", address)
		for _, text := range []string{err.Error(), opened.Error()} {
			require.NotContains(t, text, "voidrelay", address)
			require.False(t, strings.ContainsAny(text, "ZYXQJVW"), "%s: %s",
				address, strings.ReplaceAll(text, "URL", ""))
		}
	}
}

// What is refused must not be what people have: these are read as they are meant.
func TestAddressesThatPeopleHave(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"postgres://voidrelay:secret@db.example.com:5432/voidrelay",
		"postgresql://voidrelay@127.0.0.1/voidrelay?sslmode=disable&application_name=erp",
		"postgres://u:p@a:5432,b:5432/db?target_session_attrs=read-write&pool_max_conns=30",
		"postgres://u@/db?host=/var/run/postgresql",
		"host=/var/run/postgresql user=u dbname=d",
		"host=127.0.0.1 user=u password='run word' dbname=d statement_timeout=5s",
		"postgres://u:" + url.QueryEscape("p@:/?#%") + "@127.0.0.1/db",
	} {
		require.NoError(t, ledger.CheckURL(address), address)
	}
}
