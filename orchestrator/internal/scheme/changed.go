package scheme

import (
	"fmt"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"
)

// partKeys are told by PartsOf where they only gain or lose entries.
var partKeys = []string{"triggers", "organisations"}

// ChangedKeys names the keys that differ between two documents of one scheme, such as orders.Assembly.in.order_code,
// sorted. Lists are compared as a whole; what is added or removed as a part of the scheme is left to PartsOf.
func ChangedKeys(before, after string) ([]string, error) {
	var a, b yaml.Node
	for text, node := range map[string]*yaml.Node{before: &a, after: &b} {
		if err := yaml.Unmarshal([]byte(text), node); err != nil {
			return nil, fmt.Errorf("document of a scheme: %w", err)
		}
	}
	if before == after || len(a.Content) == 0 || len(b.Content) == 0 {
		return nil, nil
	}
	changed := differing("", plain(a.Content[0]), plain(b.Content[0]))
	slices.Sort(changed)
	return changed, nil
}

func differing(path string, a, b any) []string {
	before, isMap := a.(map[string]any)
	after, isMapToo := b.(map[string]any)
	if !isMap || !isMapToo {
		if reflect.DeepEqual(a, b) {
			return nil
		}
		return []string{path}
	}
	keys := map[string]bool{}
	for key := range before {
		keys[key] = true
	}
	for key := range after {
		keys[key] = true
	}
	var changed []string
	for key := range keys {
		_, was := before[key]
		_, is := after[key]
		part := path == "orders" || path == "warehouses" || (path == "" && slices.Contains(partKeys, key))
		if part && (path == "" || was != is) {
			continue
		}
		at := key
		if path != "" {
			at = path + "." + key
		}
		changed = append(changed, differing(at, before[key], after[key])...)
	}
	return changed
}
