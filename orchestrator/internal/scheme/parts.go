package scheme

import (
	"bytes"
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// KeysOf are the Kingdee keys that a stored revision's document names for columns of its form. Like PartsOf it reads no
// more than that.
func KeysOf(document string) (map[string]string, error) {
	var s struct {
		Kingdee struct {
			Keys map[string]string `yaml:"keys"`
		} `yaml:"kingdee"`
	}
	if err := yaml.NewDecoder(bytes.NewReader([]byte(document))).Decode(&s); err != nil {
		return nil, fmt.Errorf("keys of a scheme: %w", err)
	}
	return s.Kingdee.Keys, nil
}

// SinceOf are the warehouses of a stored revision's document that say from when on they count. Like PartsOf it reads no
// more than that; a time that cannot be read is none.
func SinceOf(document string) (map[string]time.Time, error) {
	var s struct {
		Warehouses map[string]struct {
			Since string `yaml:"since"`
		} `yaml:"warehouses"`
	}
	if err := yaml.NewDecoder(bytes.NewReader([]byte(document))).Decode(&s); err != nil {
		return nil, fmt.Errorf("warehouses of a scheme: %w", err)
	}
	since := map[string]time.Time{}
	for number, w := range s.Warehouses {
		if at, err := time.Parse(time.RFC3339, w.Since); err == nil {
			since[number] = at
		}
	}
	return since, nil
}

// PartsOf lists the parts that a stored revision's document names: triggers, closed bills where they count,
// organisations, warehouses that are not outside, and order kinds. It reads no more than that, so that a document that
// today's checks would refuse still gives its parts.
func PartsOf(document string) ([]rule.Part, error) {
	var s struct {
		Organisations []string             `yaml:"organisations"`
		Triggers      []string             `yaml:"triggers"`
		ClosedEnds    bool                 `yaml:"closed_ends"`
		Orders        map[string]yaml.Node `yaml:"orders"`
		Warehouses    map[string]struct {
			Outside bool `yaml:"outside"`
		} `yaml:"warehouses"`
	}
	if err := yaml.NewDecoder(bytes.NewReader([]byte(document))).Decode(&s); err != nil {
		return nil, fmt.Errorf("parts of a scheme: %w", err)
	}
	if len(s.Triggers) == 0 {
		s.Triggers = []string{string(rule.TriggerVoided)}
	}
	if len(s.Organisations) == 0 {
		s.Organisations = []string{rule.Everything}
	}
	var parts []rule.Part
	for _, t := range s.Triggers {
		parts = append(parts, rule.Part{Kind: rule.PartTrigger, Name: t})
	}
	if s.ClosedEnds {
		parts = append(parts, rule.PartClosed)
	}
	for _, org := range s.Organisations {
		parts = append(parts, rule.Part{Kind: rule.PartOrganisation, Name: org})
	}
	for order := range s.Orders {
		parts = append(parts, rule.Part{Kind: rule.PartOrderKind, Name: order})
	}
	for number, w := range s.Warehouses {
		if !w.Outside {
			parts = append(parts, rule.Part{Kind: rule.PartWarehouse, Name: number})
		}
	}
	return parts, nil
}
