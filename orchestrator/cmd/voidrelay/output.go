package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/internal/visible"
)

// The forms of an answer. All but the table have REST's names of fields.
const (
	formTable = "table"
	formJSON  = "json"
	formYAML  = "yaml"
	formCSV   = "csv"
)

var forms = []string{formTable, formJSON, formYAML, formCSV}

// replies are written as REST writes them.
var replies = protojson.MarshalOptions{EmitDefaultValues: true}

// formFlags adds the flags that say how an answer is printed.
func (r *remote) formFlags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&r.form, "output", "o", formTable,
		"输出 "+strings.Join(forms, ", ")+"; all but the table have the field names of REST")
	cmd.Flags().BoolVar(&r.json, "json", false, "same as --output json")
}

// readForm reads them.
func (r *remote) readForm() error {
	if r.json {
		r.form = formJSON
	}
	if !slices.Contains(forms, r.form) {
		return fmt.Errorf("%w: --output: %q is none of %s", errWrong, r.form, strings.Join(forms, ", "))
	}
	return nil
}

// machine says whether a program reads the answer.
func (r *remote) machine() bool { return r.form != formTable }

// printed prints an answer for a program; it says whether it was to.
func (r *remote) printed(answer proto.Message) bool {
	switch r.form {
	case formJSON:
		document, err := replies.Marshal(answer)
		if err == nil {
			var wide bytes.Buffer
			if err = json.Indent(&wide, document, "", "  "); err == nil {
				fmt.Fprintln(r.sh.out, wide.String())
			}
		}
	case formYAML:
		fmt.Fprint(r.sh.out, yamlOf(answer))
	case formCSV:
		head, rows := tableOf(answer)
		r.sh.printCSV(head, rows)
	default:
		return false
	}
	return true
}

// yamlOf is what JSON says as YAML, in the same order.
func yamlOf(answer proto.Message) string {
	document, err := replies.Marshal(answer)
	if err != nil {
		return "" // a message of ours is always JSON
	}
	var node yaml.Node
	if yaml.Unmarshal(document, &node) != nil {
		return "" // JSON is YAML
	}
	plain(&node)
	var text strings.Builder
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	_ = encoder.Encode(&node) // a text takes all
	_ = encoder.Close()
	return text.String()
}

// plain lets a document that was JSON look as YAML does. A text that would read as something else keeps its quotes.
func plain(node *yaml.Node) {
	node.Style = 0
	if node.Kind == yaml.ScalarNode && strings.ContainsFunc(node.Value, visible.Hidden) {
		node.Style = yaml.DoubleQuotedStyle // within quotes an escape is what it stands for
	}
	for _, child := range node.Content {
		plain(child)
	}
}

// asUTF8 tells Excel that a file is UTF-8.
const asUTF8 = "\uFEFF"

// printCSV prints rows as a spreadsheet takes them: no cell is a formula, and nothing in it is unseen.
func (sh *shell) printCSV(head []string, rows [][]string) {
	if !sh.screen {
		_, _ = io.WriteString(sh.document, asUTF8)
	}
	sh.printRows(append([][]string{head}, rows...))
}

// printRows prints rows below those of before.
func (sh *shell) printRows(rows [][]string) {
	var text strings.Builder
	w := csv.NewWriter(&text)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = visible.Cell(cell)
		}
		_ = w.Write(cells) // a text takes all
	}
	w.Flush()
	if sh.screen {
		fmt.Fprint(sh.out, text.String())
		return
	}
	_, _ = io.WriteString(sh.document, strings.ReplaceAll(text.String(), "\n", "\r\n"))
}

// tableOf is what CSV has of an answer: its list, a row for each member; or the one message in it, or itself.
func tableOf(answer proto.Message) (head []string, rows [][]string) {
	m := answer.ProtoReflect()
	if list := rowsOf(m.Descriptor()); list != nil {
		members := m.Get(list).List()
		for i := range members.Len() {
			rows = append(rows, cellsOf(members.Get(i).Message()))
		}
		return headOf(list.Message()), rows
	}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		if field := fields.Get(i); isMessage(field) && m.Has(field) {
			one := m.Get(field).Message()
			return headOf(one.Descriptor()), [][]string{cellsOf(one)}
		}
	}
	return headOf(m.Descriptor()), [][]string{cellsOf(m)}
}

// rowsOf is the list of an answer, nil where it has none. How old the answer is stands beside it, in another one.
func rowsOf(d protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	for i := range d.Fields().Len() {
		field := d.Fields().Get(i)
		if field.IsList() && field.Message() != nil && field.Name() != "readings" {
			return field
		}
	}
	return nil
}

func isMessage(field protoreflect.FieldDescriptor) bool {
	return field.Message() != nil && !field.IsList() && !field.IsMap() && !isTime(field)
}

func isTime(field protoreflect.FieldDescriptor) bool {
	return field.Message() != nil && !field.IsMap() &&
		field.Message().FullName() == (*timestamppb.Timestamp)(nil).ProtoReflect().Descriptor().FullName()
}

func headOf(d protoreflect.MessageDescriptor) []string {
	head := make([]string, d.Fields().Len())
	for i := range head {
		head[i] = d.Fields().Get(i).JSONName()
	}
	return head
}

// cellsOf are the fields of a message; what is itself a message or a list is JSON, and a time Beijing's.
func cellsOf(m protoreflect.Message) []string {
	var values map[string]json.RawMessage
	if document, err := replies.Marshal(m.Interface()); err == nil {
		_ = json.Unmarshal(document, &values) // it was made a moment ago
	}
	fields := m.Descriptor().Fields()
	cells := make([]string, fields.Len())
	for i := range cells {
		field := fields.Get(i)
		if isTime(field) && !field.IsList() {
			at, _ := m.Get(field).Message().Interface().(*timestamppb.Timestamp)
			cells[i] = cellTime(at)
			continue
		}
		cells[i] = cellText(values[field.JSONName()])
	}
	return cells
}

// cellTime is a time in a cell, which may be copied elsewhere: with its zone. Empty for none.
func cellTime(at *timestamppb.Timestamp) string {
	if !at.IsValid() || at.GetSeconds() == 0 {
		return ""
	}
	return momentWithZone(at.AsTime())
}

func cellText(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	switch compact := string(value); compact {
	case "[]", "{}", "null":
		return ""
	default:
		return compact
	}
}
