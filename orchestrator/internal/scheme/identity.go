package scheme

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Document is the scheme's own YAML text, comments kept: what a revision stores and people are shown.
func (s *Scheme) Document() string {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(standalone(s.node)); err != nil {
		return "# " + err.Error() + "\n"
	}
	_ = enc.Close()
	return b.String()
}

// standalone is a copy of a YAML value with every alias replaced by what it stands for, which may be outside the
// scheme.
func standalone(n *yaml.Node) *yaml.Node {
	c := *resolved(n)
	c.Anchor, c.Content = "", nil
	for _, child := range resolved(n).Content {
		c.Content = append(c.Content, standalone(child))
	}
	return &c
}

// Hash is the SHA-256 in hexadecimal of what the scheme says: comments, order of keys and layout do not count. Two
// loads with the same hash are the same revision.
func (s *Scheme) Hash() string {
	canonical, err := json.Marshal(plain(s.node))
	if err != nil { // maps, lists and texts always marshal
		canonical = []byte(s.Document())
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])
}

// plain is a YAML value as maps, lists and texts.
func plain(n *yaml.Node) any {
	n = resolved(n)
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if v := n.Content[i+1]; !isNull(resolved(v)) {
				m[n.Content[i].Value] = plain(v)
			}
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			list[i] = plain(item)
		}
		return list
	}
	return n.Value
}

// IdentityError says what a later revision of a scheme may not change.
type IdentityError struct {
	Scheme string
	// Field is form, kingdee.data_center or warehouses.account.
	Field    string
	Old, New string
}

func (e *IdentityError) Error() string {
	return fmt.Sprintf("scheme %s: %s cannot change from %s to %s; give the new one a name of its own",
		e.Scheme, e.Field, e.Old, e.New)
}

// ChangedIdentity says whether next may follow old under the same name: form, data centre and WMS accounts stay for
// ever, because the watermark and the cancellations belong to them. The error is an *IdentityError.
func ChangedIdentity(old, next *Scheme) error {
	switch {
	case old.Form != next.Form:
		return &IdentityError{old.Name, "form", old.Form, next.Form}
	case old.DataCenter != next.DataCenter:
		return &IdentityError{old.Name, "kingdee.data_center", old.DataCenter, next.DataCenter}
	case !slices.Equal(old.Accounts(), next.Accounts()):
		return &IdentityError{
			old.Name, "warehouses.account", strings.Join(old.Accounts(), ", "), strings.Join(next.Accounts(), ", "),
		}
	}
	return nil
}
