package scheme

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// decoder walks the YAML tree and collects every fault with its place.
type decoder struct {
	file     string
	scheme   string
	problems Problems
}

// fault records a problem at a node.
func (d *decoder) fault(n *yaml.Node, key, format string, args ...any) {
	line, column := 0, 0
	if n != nil {
		line, column = n.Line, n.Column
	}
	d.faultAt(line, column, key, format, args...)
}

func (d *decoder) faultAt(line, column int, key, format string, args ...any) {
	d.problems = append(d.problems, Problem{
		File: d.file, Line: line, Column: column, Scheme: d.scheme, Key: key, Message: fmt.Sprintf(format, args...),
	})
}

// object is a YAML mapping with its keys checked.
type object struct {
	d      *decoder
	path   string
	node   *yaml.Node
	fields map[string]entry
	order  []string
}

// entry is one key of a mapping with its value.
type entry struct{ key, value *yaml.Node }

// object reads a mapping. Keys outside known (nil knows all) and keys given twice are faults.
func (d *decoder) object(n *yaml.Node, path string, known []string) (object, bool) {
	n = resolved(n)
	if n == nil || n.Kind != yaml.MappingNode {
		d.fault(n, path, "must be a mapping (key: value), not %s", describe(n))
		return object{}, false
	}
	o := object{d: d, path: path, node: n, fields: map[string]entry{}}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], resolved(n.Content[i+1])
		name := key.Value
		switch _, twice := o.fields[name]; {
		case key.Kind != yaml.ScalarNode:
			d.fault(key, path, "a key must be plain text")
		case twice:
			d.fault(key, path, "key `%s` is given twice", name)
		case known != nil && !contains(known, name):
			d.fault(key, path, "unknown key `%s`; %s", name, suggest(name, known))
		default:
			o.fields[name] = entry{key, value}
			o.order = append(o.order, name)
		}
	}
	return o, true
}

func contains(list []string, s string) bool {
	for _, item := range list {
		if item == s {
			return true
		}
	}
	return false
}

// resolved follows an alias to what it stands for.
func resolved(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func describe(n *yaml.Node) string {
	switch {
	case n == nil:
		return "nothing"
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case isNull(n):
		return "nothing"
	}
	return fmt.Sprintf("`%s`", n.Value)
}

// isNull says whether a value was left empty or written as null.
func isNull(n *yaml.Node) bool {
	return n == nil || n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// at is the path of a key of this mapping.
func (o object) at(key string) string {
	if o.path == "" {
		return key
	}
	return o.path + "." + key
}

// has says whether the key is there with a value; one left empty counts as absent.
func (o object) has(key string) bool {
	f, ok := o.fields[key]
	return ok && !isNull(f.value)
}

// value is the node of a key; nil when absent. A missing one that is required is a fault.
func (o object) value(key string, required bool) *yaml.Node {
	if o.has(key) {
		return o.fields[key].value
	}
	if required {
		place := o.node
		if f, ok := o.fields[key]; ok {
			place = f.key
		}
		o.d.fault(place, o.path, "key `%s` is missing", key)
	}
	return nil
}

// fault records a problem at the value of a key, or at the mapping where the key is absent.
func (o object) fault(key, format string, args ...any) {
	place := o.node
	if f, ok := o.fields[key]; ok {
		place = f.value
	}
	o.d.fault(place, o.at(key), format, args...)
}
