package rpc

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// entry is one of a dictionary of answers, as docs/wms-answers.md and WMS_DICTIONARY have it.
type entry struct {
	Name        string   `yaml:"name"`
	Flag        string   `yaml:"flag"`
	Disposition string   `yaml:"disposition"`
	Texts       []string `yaml:"texts"`
}

// dictionaryEntry is the YAML that teaches wmssvc what a person says a text means: an item for the list "entries".
// Codes are left out: in a dictionary a code alone decides, and one code comes with many texts.
func dictionaryEntry(text string, meaning rule.Disposition, flags []string) (string, error) {
	sum := sha256.Sum256([]byte(text))
	e := entry{
		Name: "reclassified-" + hex.EncodeToString(sum[:4]), Flag: "failure",
		Disposition: string(meaning), Texts: []string{text},
	}
	successes := 0
	for _, flag := range flags {
		if strings.EqualFold(flag, "success") {
			successes++
		}
	}
	switch {
	case meaning == rule.Cancelled || (successes > 0 && successes == len(flags)):
		// A failure cannot mean cancelled, whatever its text.
		e.Flag = "success"
	case successes > 0:
		e.Flag = "any"
	}
	content, err := yaml.Marshal([]entry{e})
	return string(content), err
}
