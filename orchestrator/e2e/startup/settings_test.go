package startup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/access/accesstest"
)

// A secret file was read with a byte order watermark in it, or with the blank behind it, by one service and not by the
// others.
func TestASecretIsTheSameHoweverItIsWritten(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		for name, content := range map[string]string{
			"bare": "s3cret", "with a line end": "s3cret\n",
			"with a Windows line end": "s3cret\r\n", "with blanks around it": " s3cret \t\n\n",
			"with a byte order watermark": "\uFEFFs3cret\r\n",
		} {
			got, err := s.reveal(s.getenv(map[string]string{s.secret: "", s.secret + "_FILE": file(t, content)}))
			require.NoError(t, err, name)
			require.Equal(t, "s3cret", got, name)
		}
		got, err := s.reveal(s.getenv(map[string]string{s.secret: "\uFEFF s3cret\n"}))
		require.NoError(t, err)
		require.Equal(t, "s3cret", got, "in the environment")
	})
}

func TestASecretThatCannotBeReadIsNamedOnceWithWhatIsWrong(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		none := filepath.Join(t.TempDir(), "none")
		for want, changes := range map[string]map[string]string{
			s.secret + ": both":              {s.secret: "hush", s.secret + "_FILE": file(t, "hush")},
			s.secret + "_FILE: open " + none: {s.secret: "", s.secret + "_FILE": none},
			"is empty":                       {s.secret: "", s.secret + "_FILE": file(t, "\uFEFF \r\n")},
			"is UTF-16; save it as UTF-8": {s.secret: "", s.secret + "_FILE": file(t,
				"\xff\xfeh\x00u\x00s\x00h\x00")},
			"has more than one line; a secret is one":   {s.secret: "", s.secret + "_FILE": file(t, "hush\nhush\n")},
			"is not a UTF-8 text":                       {s.secret: "", s.secret + "_FILE": file(t, "hu\x00sh")},
			s.secret + "_FILE: " + "read /: is a direc": {s.secret: "", s.secret + "_FILE": "/"},
		} {
			err := s.load(s.getenv(changes))
			require.ErrorContains(t, err, want)
			require.NotContains(t, err.Error(), "hush")
			require.NotContains(t, err.Error(), "\n", "one thing is wrong")
		}
	})
}

func TestEverythingThatIsWrongIsToldAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		changes := map[string]string{
			"LOG_LEVEL": "loud", "OTEL_EXPORTER_OTLP_ENDPOINT": "collector",
			"OTEL_EXPORTER_OTLP_PROTOCOL": "carrier pigeon",
			"AUTH_CALLERS_FILE":           "/does/not/exist", "TLS_CERT_FILE": "cert.pem", s.ops: "nowhere",
			s.secret + "_FILE": "/does/not/exist", s.secret: "",
		}
		for _, addr := range s.addrs {
			changes[addr] = "no port"
		}
		err := s.load(s.getenv(changes))
		for name := range changes {
			if name != s.secret {
				require.ErrorContains(t, err, name)
			}
		}
		require.Len(t, strings.Split(err.Error(), "\n"), len(changes)-1, "%v", err)
	})
}

// The exporter of traces leaves out what it cannot read, without a word: the collector then refuses us, or is not the
// one it should be.
func TestWhatTheExporterWouldLeaveOutIsAFault(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		with := func(name, value string) func(string) string {
			return s.getenv(map[string]string{
				"OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector.example:4318", name: value,
			})
		}
		require.NoError(t, s.load(with("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic%20aHVzaA==, x-tenant=a")))
		for name, value := range map[string]string{
			"OTEL_EXPORTER_OTLP_HEADERS":     "x-tenant=a,authorization: hush",
			"OTEL_EXPORTER_OTLP_CERTIFICATE": "/does/not/exist",
		} {
			err := s.load(with(name, value))
			require.ErrorContains(t, err, name+": ")
			require.NotContains(t, err.Error(), "hush")
			require.NoError(t, s.load(s.getenv(map[string]string{name: value})), "nothing is sent")
		}
	})
}

func TestTheFileOfCallers(t *testing.T) {
	const token = "0123456789abcdef"
	digest := access.Digest(token)
	load := func(s service, content string) error {
		return s.load(s.getenv(map[string]string{"AUTH_CALLERS_FILE": file(t, content)}))
	}
	each(t, func(t *testing.T, s service) {
		for name, content := range map[string]string{
			"a token": "ops viewer " + digest, "blanks": "  ops\t operator   " + digest + "  ",
			"its last day": "ops admin " + digest + " until 2027-03-01", "a certificate": "ops admin certificate",
			"comments": "# who\n\n  # when\nops viewer " + digest + "\n",
			"Windows":  "\uFEFFops viewer " + digest + "\r\nli viewer certificate\r\n",
			"two tokens, for one to take the place of the other": "ops viewer " + digest + "\nops viewer " +
				access.Digest("another one, 16 letters"),
			"a Chinese name": "仓库 viewer " + digest,
		} {
			require.NoError(t, load(s, content), name)
		}
		for content, want := range map[string]string{
			"":                                    "names no caller",
			"# nobody\n":                          "names no caller",
			"ops: " + token:                       "line 1: not `NAME ROLE sha256:DIGEST",
			"ops operator " + token:               "line 1: not `NAME ROLE sha256:DIGEST",
			"\nops boss " + digest:                "line 2: not `NAME ROLE sha256:DIGEST",
			"ops operator sha256:" + token:        "line 1: not `NAME ROLE sha256:DIGEST",
			"ops operator " + digest + " forever": "line 1: not `NAME ROLE sha256:DIGEST",
			"ops operator " + digest + " until May 1":       "line 1: not `NAME ROLE sha256:DIGEST",
			"ops operator " + digest + " until 1.5.2027":    "line 1: until wants a day",
			"ops admin " + access.Digest(""):                "line 1: not `NAME ROLE sha256:DIGEST",
			"ops\u200b admin " + digest:                     "line 1: a name has at most 100 letters",
			"unauthenticated admin " + digest:               "line 1: a name has at most 100 letters",
			"o\x1b[2Jps admin " + digest:                    "line 1: a name has at most 100 letters",
			"li viewer " + digest + "\nops admin " + digest: "line 2: the token of line 1",
			"li viewer certificate\nli admin certificate\n": "line 2: the certificate of line 1",
			"li viewer certificate until 2027-03-01":        "line 1: a certificate says itself until when",
		} {
			err := load(s, content)
			require.ErrorContains(t, err, "AUTH_CALLERS_FILE: ", content)
			require.ErrorContains(t, err, want, content)
			require.NotContains(t, err.Error(), token)
			require.NotContains(t, err.Error(), digest)
		}
		open := file(t, "ops viewer "+digest)
		require.NoError(t, os.Chmod(open, 0o644))
		err := s.load(s.getenv(map[string]string{"AUTH_CALLERS_FILE": open}))
		require.ErrorContains(t, err, "AUTH_CALLERS_FILE: "+open+" may be read or written by everybody")
		require.NoError(t, os.Chmod(open, 0o640))
		require.NoError(t, s.load(s.getenv(map[string]string{"AUTH_CALLERS_FILE": open})), "a group's")
	})
}

func TestAnAddressThatOthersReachNeedsCallersAndTLS(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		own := issue(t, nil, "own")
		for _, setting := range s.addrs {
			for addr, open := range map[string]bool{
				"127.0.0.1:7400": false, "localhost:7400": false, "[::1]:7400": false,
				"0.0.0.0:7400": true, ":7400": true, "[::]:7400": true,
				"192.0.2.1:7400": true, "erp.example.com:7400": true,
			} {
				err := s.load(s.getenv(map[string]string{setting: addr}))
				require.Equal(t, open, err != nil, addr)
				if !open {
					continue
				}
				require.ErrorContains(t, err, setting+": other hosts can reach "+addr)
				callers := map[string]string{setting: addr, "AUTH_CALLERS_FILE": accesstest.File(t, accesstest.Ops)}
				require.ErrorContains(t, s.load(s.getenv(callers)), "so that no token is readable on the way")
				callers["TLS_CERT_FILE"], callers["TLS_KEY_FILE"] = own.certFile, own.keyFile
				require.NoError(t, s.load(s.getenv(callers)))
				delete(callers, "AUTH_CALLERS_FILE")
				require.ErrorContains(t, s.load(s.getenv(callers)), "set AUTH_CALLERS_FILE, which says who may call")
			}
			err := s.load(s.getenv(map[string]string{setting: "127.0.0.1:99999"}))
			require.ErrorContains(t, err, setting+`: "127.0.0.1:99999" is not host:port`)
		}
		for _, addr := range []string{"9100", "127.0.0.1:99999", "nowhere"} {
			err := s.load(s.getenv(map[string]string{s.ops: addr}))
			require.ErrorContains(t, err, s.ops+`: "`+addr+`" is not host:port`)
		}
		for _, addr := range []string{":9100", "0.0.0.0:9100", "192.0.2.1:9100"} {
			require.NoError(t, s.load(s.getenv(map[string]string{s.ops: addr})), "probes come from elsewhere")
		}
	})
}

// A certificate that had gone through a Windows editor was "no PEM data", and a device file took all memory.
func TestCertificatesAreTheSameHoweverTheyAreWritten(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		own := issue(t, nil, "own")
		windows := func(path string) string {
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			return file(t, "\uFEFF"+strings.ReplaceAll(string(content), "\n", "\r\n"))
		}
		require.NoError(t, s.load(s.getenv(map[string]string{
			"TLS_CERT_FILE": windows(own.certFile), "TLS_KEY_FILE": windows(own.keyFile),
			"TLS_CLIENT_CA_FILE": windows(own.certFile), "AUTH_CALLERS_FILE": accesstest.File(t, accesstest.Ops),
		})))
		err := s.load(s.getenv(map[string]string{
			"TLS_CERT_FILE": "/", "TLS_KEY_FILE": "/dev/zero", "TLS_CLIENT_CA_FILE": "/does/not/exist",
		}))
		for _, want := range []string{
			"TLS_CERT_FILE: read /", "TLS_KEY_FILE: /dev/zero is larger than", "TLS_CLIENT_CA_FILE: open /does",
		} {
			require.ErrorContains(t, err, want)
		}
	})
}

func TestCertificatesThatDoNotLoadAreNamed(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		own := issue(t, nil, "own")
		for want, changes := range map[string]map[string]string{
			"TLS_CERT_FILE, TLS_KEY_FILE: set both or neither": {"TLS_CERT_FILE": own.certFile},
			"TLS_CLIENT_CA_FILE needs both":                    {"TLS_CLIENT_CA_FILE": own.certFile},
			"TLS_CERT_FILE, TLS_KEY_FILE: ": {
				"TLS_CERT_FILE": own.certFile, "TLS_KEY_FILE": file(t, "no key"),
			},
			"TLS_CLIENT_CA_FILE: ": {
				"TLS_CERT_FILE": own.certFile, "TLS_KEY_FILE": own.keyFile,
				"TLS_CLIENT_CA_FILE": file(t, "no certificate"),
			},
		} {
			require.ErrorContains(t, s.load(s.getenv(changes)), want)
		}
	})
}
