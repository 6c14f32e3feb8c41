package docs_test

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

const rulesPage = "docs/rules.md"

var (
	ruleHeading = regexp.MustCompile(`(?m)^### (\d+)\. \S.*$`)
	ruleCited   = regexp.MustCompile(`\b[Rr]ules? (\d+)\b(?:,? (to|and) (?:rule )?(\d+)\b)?`)
	// testsBegin is how a line begins that names the tests which hold the sentence above it.
	testsBegin = regexp.MustCompile(`\bTests: (.{5})`)
	testNamed  = regexp.MustCompile("`(Test\\w+)`")
	testMade   = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	// foreignPlan is how a plan that lies outside the repository is cited.
	foreignPlan = regexp.MustCompile(`(?i)\b(of|in|by) the design\b|\bdesign, section|\bsection \d+ of the ` +
		`(design|plan)\b`)
)

// numbers are the rules that the page has.
func numbers(page string) []int {
	var found []int
	for _, heading := range ruleHeading.FindAllStringSubmatch(page, -1) {
		n, _ := strconv.Atoi(heading[1]) // digits
		found = append(found, n)
	}
	return found
}

// badCitations names every citation of a rule that the page lacks, and every file that cites a rule without saying
// where it stands.
func badCitations(t *testing.T, tree fs.FS) []string {
	t.Helper()
	files := texts(t, tree, kinds...)
	has := numbers(files[rulesPage])
	var bad []string
	for name, text := range files {
		for _, cited := range ruleCited.FindAllStringSubmatch(text, -1) {
			for _, number := range []string{cited[1], cited[3]} {
				n, err := strconv.Atoi(number)
				if err == nil && !slices.Contains(has, n) {
					bad = append(bad, fmt.Sprintf("%s cites rule %d, which %s does not have", name, n, rulesPage))
				}
			}
			if name != rulesPage && !strings.Contains(text, path.Base(rulesPage)) {
				bad = append(bad,
					fmt.Sprintf("%s cites %q and does not say that it stands in %s", name, cited[0], rulesPage))
			}
		}
	}
	slices.Sort(bad)
	return bad
}

func TestEveryRuleThatIsCitedExists(t *testing.T) {
	t.Parallel()
	require.Empty(t, badCitations(t, repository()))
}

func TestACitationOfNoRuleIsNamed(t *testing.T) {
	t.Parallel()
	cited := func(n int) string { return "as rule " + strconv.Itoa(n) + " says" }
	require.Equal(t, []string{
		"a.go cites rule 3, which docs/rules.md does not have",
		`b.sql cites "rule 1" and does not say that it stands in docs/rules.md`,
	}, badCitations(t, fstest.MapFS{
		rulesPage: {Data: []byte("### 1. One\n\n### 2. Two\n")},
		"a.go":    {Data: []byte("// " + cited(2) + " (docs/rules.md), and " + cited(3))},
		"b.sql":   {Data: []byte("-- " + cited(1))},
	}))
}

func TestTheRulesAreNumberedFromOneToTwenty(t *testing.T) {
	t.Parallel()
	var wanted []int
	for n := range 20 {
		wanted = append(wanted, n+1)
	}
	require.Equal(t, wanted, numbers(texts(t, repository(), ".md")[rulesPage]))
}

// A remark that has lost its form would be read as part of the law.
func TestEveryRemarkOfTheRulesSaysWhatIsNotMet(t *testing.T) {
	t.Parallel()
	inside := false
	for i, line := range strings.Split(texts(t, repository(), ".md")[rulesPage], "\n") {
		quoted := strings.HasPrefix(line, ">")
		if quoted && !inside {
			require.Regexp(t, `^> Not met yet: \S`, line, "line %d", i+1)
		}
		inside = quoted
	}
}

// testsNotThere names every test that the page of rules names and nobody wrote, and what says that it names tests and
// does not.
func testsNotThere(t *testing.T, tree fs.FS) []string {
	t.Helper()
	made := map[string]bool{}
	for name, text := range texts(t, tree, ".go") {
		if strings.HasSuffix(name, "_test.go") {
			for _, test := range testMade.FindAllStringSubmatch(text, -1) {
				made[test[1]] = true
			}
		}
	}
	page := texts(t, tree, ".md")[rulesPage]
	var bad []string
	for _, begun := range testsBegin.FindAllStringSubmatch(page, -1) {
		if begun[1] != "`Test" {
			bad = append(bad, fmt.Sprintf("%q names no test", begun[0]))
		}
	}
	for _, test := range testNamed.FindAllStringSubmatch(page, -1) {
		if !made[test[1]] {
			bad = append(bad, test[1]+" is no test")
		}
	}
	return bad
}

func TestEveryTestThatTheRulesNameExists(t *testing.T) {
	t.Parallel()
	require.Empty(t, testsNotThere(t, repository()))
}

func TestATestThatIsNotThereIsNamed(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{`"Tests: TestD" names no test`, "TestC is no test"},
		testsNotThere(t, fstest.MapFS{
			rulesPage:   {Data: []byte("- One.\n  Tests: `TestA`,\n  `TestB`.\n  Tests: `TestC`.\n  Tests: TestD.\n")},
			"a_test.go": {Data: []byte("func TestA(t *testing.T) {}\nfunc TestB(t *testing.T) {}\n")},
			"b.go":      {Data: []byte("func TestC(t *testing.T) {}\n")},
		}))
}

// What a reader of this repository cannot open is no source.
func TestNobodyCitesAPlanOutsideTheRepository(t *testing.T) {
	t.Parallel()
	for name, text := range texts(t, repository(), kinds...) {
		if name == "docs/rules_test.go" {
			continue
		}
		for i, line := range strings.Split(text, "\n") {
			if foreignPlan.MatchString(line) {
				t.Errorf("%s:%d: %s", name, i+1, strings.TrimSpace(line))
			}
		}
	}
}
