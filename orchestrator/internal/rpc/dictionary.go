package rpc

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// entry is one of a dictionary of answers, as docs/wms-answers.md and WMS_DICTIONARY have it.
type entry struct {
	Name        string   `yaml:"name"`
	Flag        string   `yaml:"flag"`
	Disposition string   `yaml:"disposition"`
	Texts       []string `yaml:"texts"`
}

// dictionaryEntry is the YAML that teaches wmssvc what a person says a text means: an item for the list "entries". A
// text of two parts (general / specific) has one only if its meaning ends no order: then the specific part will do.
// Codes are left out: in a dictionary a code alone decides, and one code comes with many texts.
func dictionaryEntry(text ledger.AnswerText, meaning rule.Disposition) (string, error) {
	words := text.Text
	if _, specific, two := strings.Cut(words, " / "); two {
		if words = specific; meaning == rule.Cancelled || meaning == rule.AlreadyCancelled {
			return "", nil
		}
	}
	sum := sha256.Sum256([]byte(text.Text))
	e := entry{
		Name: "reclassified-" + hex.EncodeToString(sum[:4]), Flag: "failure",
		Disposition: string(meaning), Texts: []string{words},
	}
	if text.Success {
		e.Flag = "success"
	}
	content, err := yaml.Marshal([]entry{e})
	return string(content), err
}
