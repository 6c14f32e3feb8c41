package main

import (
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// mostOfPage is how many members a page has at most.
const mostOfPage = 500

// limitOf adds the flag that says how many members of a list are asked for; pages are followed as far as that.
func limitOf(cmd *cobra.Command, limit *int, usual int) {
	cmd.Flags().IntVar(limit, "limit", usual, "最多多少条 how many at most, any number; 0: all")
}

// paged asks for pages until there are as many members as wanted, or no more, and answers them as one page. The request
// is changed, and call sends it.
func paged[A proto.Message](limit int, request proto.Message, call func() (A, error)) (A, error) {
	asked := request.ProtoReflect()
	size, token := fieldOf(asked, "page_size"), fieldOf(asked, "page_token")
	var all A
	for have, first := 0, true; ; first = false {
		page := mostOfPage
		if limit > 0 {
			page = min(page, limit-have)
		}
		asked.Set(size, protoreflect.ValueOfInt32(int32(page))) //nolint:gosec // 500 at most
		answer, err := call()
		if err != nil {
			return all, err
		}
		m := answer.ProtoReflect()
		list, next := rowsOf(m.Descriptor()), fieldOf(m, "next_page_token")
		if first {
			all = answer
		} else {
			into := all.ProtoReflect()
			for i := range m.Get(list).List().Len() {
				into.Mutable(list).List().Append(m.Get(list).List().Get(i))
			}
			into.Set(next, m.Get(next))
		}
		have = all.ProtoReflect().Get(list).List().Len()
		if m.Get(next).String() == "" || limit > 0 && have >= limit {
			return all, nil
		}
		asked.Set(token, m.Get(next))
	}
}

func fieldOf(m protoreflect.Message, name protoreflect.Name) protoreflect.FieldDescriptor {
	return m.Descriptor().Fields().ByName(name)
}
