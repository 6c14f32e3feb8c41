package kingdeesvc_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/kingdeesvc"
)

// The page and the program name the same settings and the same metrics.
func TestTheReadmeNamesEverySettingAndMetric(t *testing.T) {
	content, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| (`[A-Z0-9_]+`(, `[A-Z0-9_]+`)*) \\|").FindAllStringSubmatch(
		string(content), -1,
	) {
		documented = append(documented, regexp.MustCompile("[A-Z0-9_]+").FindAllString(row[1], -1)...)
	}
	read := map[string]bool{}
	_, _ = kingdeesvc.LoadConfig(func(name string) string {
		read[name] = true
		return ""
	})
	for name := range read {
		if !regexp.MustCompile("(SECRET|PASSWORD)_FILE$").MatchString(name) {
			require.Contains(t, documented, name)
		}
	}
	for _, name := range documented {
		require.True(t, read[name], "%s is read by nobody", name)
	}

	b := setup(t, map[string]string{"KINGDEESVC_OPS_ADDR": "127.0.0.1:0"}, nil)
	_, err = b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
	require.NoError(t, err)
	var shown []string
	for _, line := range regexp.MustCompile(`(?m)^# TYPE (kingdee_\S+)`).FindAllStringSubmatch(scrape(t, b), -1) {
		shown = append(shown, line[1])
	}
	var named []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(kingdee_[a-z_]+)").FindAllStringSubmatch(string(content), -1) {
		named = append(named, row[1])
	}
	slices.Sort(shown)
	slices.Sort(named)
	require.Equal(t, shown, named)
}
