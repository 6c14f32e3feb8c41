package scheme

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits of a scheme file.
const (
	maxFileBytes = 1 << 20
	maxSchemes   = 100
	// maxCode and maxReason are in characters; the first is the WMS's limit for its codes.
	maxCode   = 50
	maxReason = 2000
)

// LoadFile reads the schemes of a file; see Load.
func LoadFile(path string) ([]*Scheme, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("schemes file: %w", err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("schemes file %s: %w", path, err)
	}
	return Load(data, path)
}

// Load reads the schemes of a YAML text; filename is what its errors call it. The error is Problems: every fault of the
// file, in order of place. There are no schemes unless all are good.
func Load(data []byte, filename string) ([]*Scheme, error) {
	d := &decoder{file: filename}
	schemes := d.decodeFile(data)
	if len(d.problems) == 0 {
		return schemes, nil
	}
	slices.SortStableFunc(d.problems, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return nil, d.problems
}

func (d *decoder) decodeFile(data []byte) []*Scheme {
	if len(data) > maxFileBytes {
		d.faultAt(0, 0, "", "the file is larger than %d KiB", maxFileBytes>>10)
		return nil
	}
	root, ok := d.parse(data)
	if !ok {
		return nil
	}
	top, ok := d.object(root, "", topKeys)
	if !ok {
		return nil
	}
	if top.value("schemes", true) == nil {
		return nil
	}
	nodes := top.list("schemes")
	if len(nodes) == 0 || len(nodes) > maxSchemes {
		top.fault("schemes", "must list 1 to %d schemes", maxSchemes)
		return nil
	}
	var schemes []*Scheme
	names := map[string]bool{}
	for _, n := range nodes {
		s := d.decodeScheme(n)
		if s == nil {
			continue
		}
		if s.Name != "" && names[s.Name] {
			d.fault(s.keys["name"], "name", "two schemes are called `%s`; a name is used once", s.Name)
		}
		names[s.Name] = true
		schemes = append(schemes, s)
	}
	d.scheme = ""
	if len(d.problems) == 0 {
		d.keepApart(schemes)
	}
	return schemes
}

// keepApart refuses schemes of one file that could own the same order.
func (d *decoder) keepApart(schemes []*Scheme) {
	for i, s := range schemes {
		for _, other := range schemes[:i] {
			if why := Together(other, s); why != "" {
				d.fault(s.keys["name"], "name", "%s", why)
			}
		}
	}
}

var yamlLine = regexp.MustCompile(`^yaml: (?:unmarshal errors:\n\s+)?line (\d+): `)

// parse reads the one YAML document of a file.
func (d *decoder) parse(data []byte) (*yaml.Node, bool) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		d.faultAt(1, 1, "", "the file is empty; it must have the key `schemes`")
		return nil, false
	case err != nil:
		d.syntax(err)
		return nil, false
	}
	switch err := dec.Decode(&more); {
	case err == nil:
		d.fault(&more, "", "the file must hold one YAML document; list all schemes under `schemes`")
		return nil, false
	case !errors.Is(err, io.EOF):
		d.syntax(err)
		return nil, false
	}
	if isNull(doc.Content[0]) {
		d.faultAt(1, 1, "", "the file is empty; it must have the key `schemes`")
		return nil, false
	}
	return doc.Content[0], true
}

// syntax turns the library's message about broken YAML into a problem with its line.
func (d *decoder) syntax(err error) {
	line, text := 1, err.Error()
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	d.faultAt(line, 1, "", "this is not YAML: %s", strings.TrimPrefix(text, "yaml: "))
}
