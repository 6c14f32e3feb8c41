package assembled

// Published are the keys that whole bills are read with, in the spelling they were published in.
type Published struct {
	// Fields are the forty of head and 成品.
	Fields []string
	// Components are those of 子件 alone.
	Components []string
}

// PublishedKeys answers them in the order in which they are asked for.
func PublishedKeys() Published {
	var p Published
	p.Fields = append(appendKeys(p.Fields, headColumns), appendKeys(nil, productColumns)...)
	p.Components = appendKeys(nil, componentColumns)
	return p
}

func appendKeys[T any](keys []string, columns []column[T]) []string {
	for _, c := range columns {
		keys = append(keys, c.key)
	}
	return keys
}

// Optional says whether bills are read without the key where a server does not know it.
func Optional(key string) bool { return !required[key] }
