package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A name with an old word in any of its parts is found, in each kind of file; sentences and calls are not names.
func TestDeclaredNamesAreFound(t *testing.T) {
	for _, c := range []struct {
		path, text string
		want       []string
	}{
		{
			"a.go",
			"package a\n\n// pass is prose\nfunc PassKind(lastPass int) { mark := lastPass; _ = mark; Sweep() }\n",
			[]string{"a", "PassKind", "lastPass", "mark"},
		},
		{"a_test.go", "package a\n\nfunc TestAPassEnds(t *testing.T) {}\n", []string{"a_test", "a", "t"}},
		{"b.sql", "-- a pass\ncreate table pass (epoch_live text default 'mark');\n",
			[]string{"b", "create", "table", "pass", "epoch_live", "text", "default"}},
		{"c.proto",
			"// of a leg\nmessage Leg {\n  int64 pass_id = 1;\n}\nservice S {\n  rpc GetPass(R) returns (A);\n}\n",
			[]string{"c", "Leg", "pass_id", "S", "GetPass"}},
		{"d.md", "the pass of a bill", nil},
	} {
		names, err := declared(c.path, []byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, n := range names {
			got = append(got, n.text)
		}
		for _, want := range c.want {
			if !slices.Contains(got, want) {
				t.Errorf("%s: %s is not among %v", c.path, want, got)
			}
		}
		if slices.Contains(got, "Sweep") || slices.Contains(got, "TestAPassEnds") {
			t.Errorf("%s: %v has what is no declared name", c.path, got)
		}
	}
}

func TestAnAllowedNamePassesWhereItIsAllowed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "words.txt")
	text := "# comment\nmark => watermark\nallow mark rule/ MarkDone # an act\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	words, err := load(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"MarkDone": false, "LastMark": true, "bookmark": false, "MARK_TIME": true, "Marked": false,
	} {
		if _, found := words.in("rule/act.go", name); found != want {
			t.Errorf("%s: found %v, want %v", name, found, want)
		}
	}
	if _, found := words.in("store/act.go", "MarkDone"); !found {
		t.Error("allowed where it is not")
	}
}
