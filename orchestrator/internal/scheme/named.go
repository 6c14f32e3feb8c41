package scheme

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// OrderChange is one way in which two documents of a scheme name orders differently.
type OrderChange struct {
	// Subject is the Kingdee warehouse, or the order kind.
	Subject string
	// Key that differs: account, code, lines, order_code or order_type.
	Key           string
	Before, After string
}

func (c OrderChange) String() string {
	return fmt.Sprintf("%s %s %s → %s", c.Subject, c.Key, c.Before, c.After)
}

// orderNames is what a document says of how orders are named.
type orderNames struct {
	Orders map[string]struct {
		Lines     string `yaml:"lines"`
		OrderCode string `yaml:"order_code"`
		OrderType string `yaml:"order_type"`
	} `yaml:"orders"`
	Warehouses map[string]struct {
		Account string `yaml:"account"`
		Code    string `yaml:"code"`
		Outside bool   `yaml:"outside"`
	} `yaml:"warehouses"`
}

// OrderChanges answers where two documents of one scheme name the orders differently that both ask for, sorted: another
// code of a warehouse, another order type or code of an order kind. Like PartsOf it reads no more than that. What only
// one of them asks for is a part that is added or removed.
func OrderChanges(before, after string) ([]OrderChange, error) {
	var was, is orderNames
	for text, to := range map[string]*orderNames{before: &was, after: &is} {
		if err := yaml.NewDecoder(bytes.NewReader([]byte(text))).Decode(to); err != nil {
			return nil, fmt.Errorf("orders of a scheme: %w", err)
		}
	}
	if before == after {
		return nil, nil
	}
	var changes []OrderChange
	note := func(subject, key, a, b string) {
		if a != b {
			changes = append(changes, OrderChange{subject, key, a, b})
		}
	}
	for number, a := range was.Warehouses {
		if b, both := is.Warehouses[number]; both && !a.Outside && !b.Outside {
			note(number, "account", a.Account, b.Account)
			note(number, "code", a.Code, b.Code)
		}
	}
	for kind, a := range was.Orders {
		if b, both := is.Orders[kind]; both {
			note(kind, "lines", a.Lines, b.Lines)
			note(kind, "order_code", a.OrderCode, b.OrderCode)
			note(kind, "order_type", a.OrderType, b.OrderType)
		}
	}
	slices.SortFunc(changes, func(a, b OrderChange) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Key, b.Key))
	})
	return changes, nil
}
