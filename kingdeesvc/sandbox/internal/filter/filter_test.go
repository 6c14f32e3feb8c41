package filter_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/internal/filter"
)

var errUnknown = errors.New("unknown key")

var zone = time.FixedZone("server", 8*60*60)

// record is one row of the tables below.
type record map[string]filter.Value

func schema() filter.Schema[record] {
	kinds := map[string]filter.Kind{
		"FID": filter.Int, "FQty": filter.Decimal, "FBillNo": filter.Text, "FStockID.FNumber": filter.Text,
		"FCancelDate": filter.Time, "FModifyDate": filter.Time, "FPushed": filter.Bool,
	}
	return filter.Schema[record]{Zone: zone, Column: func(key string) (filter.Column[record], error) {
		kind, ok := kinds[key]
		if !ok {
			return filter.Column[record]{}, errUnknown
		}
		return filter.Column[record]{Kind: kind, Get: func(r record) filter.Value { return r[key] }}, nil
	}}
}

func voided() record {
	return record{
		"FID": filter.IntValue(100234), "FQty": filter.DecimalValue("52.50"), "FBillNo": filter.TextValue("ZZCX000123"),
		"FCancelDate": filter.TimeValue(time.Date(2024, 5, 11, 8, 0, 0, 583e6, zone)),
		"FModifyDate": filter.TimeValue(time.Date(2024, 5, 11, 8, 0, 0, 583e6, zone)),
		"FPushed":     filter.BoolValue(true),
	}
}

func match(t *testing.T, text string, r record) bool {
	t.Helper()
	node, err := filter.Parse(text)
	require.NoError(t, err)
	keep, err := filter.Bind(node, schema())
	require.NoError(t, err)
	return keep(r)
}

func TestFiltersAreEvaluated(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"":                                         true,
		"1=1":                                      true,
		"1 = 2":                                    false,
		"FID = 100234":                             true,
		"FID = '100234'":                           true,
		"FID<>100234":                              false,
		"FID > 100233 and FID < 100235":            true,
		"FID >= 100235 or FID <= 100233":           false,
		"FID in (1, 100234)":                       true,
		"FID in ('1','100234')":                    true,
		"FID not in (1, 2)":                        true,
		"FID in (1, null)":                         false,
		"FID not in (1, null)":                     false, // unknown
		"FID > -5":                                 true,
		"FQty = 52.5":                              true,
		"FQty > 52.4999":                           true,
		"FQty in (1, 52.5)":                        true,
		"FBillNo = 'ZZCX000123'":                   true,
		"FBillNo = 'ZZCX000123  '":                 true, // trailing blanks do not count
		"FBillNo = 'zzcx000123'":                   false,
		"FBillNo in ('A','ZZCX000123 ')":           true,
		"'ZZCX000123' = FBillNo":                   true,
		"FBillNo = N'ZZCX000123'":                  true,
		"FBillNo like 'ZZCX%'":                     true,
		"FBillNo like '%0123'":                     true,
		"FBillNo like 'ZZCX00012_'":                true,
		"FBillNo like '%X%0%3'":                    true,
		"FBillNo not like 'ZZCX%'":                 false,
		"FBillNo like 'ZZCX'":                      false,
		"FBillNo = 'it''s'":                        false,
		"FStockID.FNumber is null":                 true,
		"FStockID.FNumber is not null":             false,
		"FStockID.FNumber = 'CK001'":               false,
		"FStockID.FNumber <> 'CK001'":              false, // unknown
		"not (FStockID.FNumber = 'CK001')":         false, // unknown
		"FStockID.FNumber = 'CK001' or FID=100234": true,
		"FStockID.FNumber like '%'":                false,
		"FStockID.FNumber = null":                  false,
		"FCancelDate >= '2024-05-11'":              true,
		"FCancelDate >= '2024-05-11 08:00:00'":     true,
		"FCancelDate > '2024-05-11T08:00:00.583'":  false,
		"FCancelDate = '2024-05-11T08:00:00.583'":  true,
		"FCancelDate < '2024-05-11 08:00:01'":      true,
		"FCancelDate = FModifyDate":                true,
		"FPushed = '1'":                            true,
		"FPushed = 'false'":                        false,
		"NOT FID = 1 AND NOT NOT FID = 100234":     true,
		"FID=1 or FID=100234 and FQty=0":           false, // and binds tighter
		"(FID=1 or FID=100234) and FQty=52.5":      true,
		"((((FID=100234))))":                       true,
		"FBillNo='ZZCX000123' and\n(FCancelDate>='2024-05-11 00:00:00' or FModifyDate>='2024-05-12')": true,
	} {
		require.Equal(t, want, match(t, text, voided()), text)
	}
}

func TestFiltersThatCannotBeReadSayWhere(t *testing.T) {
	t.Parallel()
	for text, position := range map[string]int{
		"FID":                   3,
		"FID = ":                6,
		"FID = 1 FID = 2":       8,
		"FID in ()":             8,
		"FID in (FQty)":         8,
		"FID in (1":             9,
		"(FID = 1":              8,
		"FBillNo = 'open":       10,
		"FBillNo like 5":        13,
		"FBillNo is 5":          11,
		"FID != 1":              4,
		"FID = 1; drop table t": 7,
		"and":                   0,
		"FSupplierId.FNumber >= '' and FApproveDate>=": 44,
	} {
		_, err := filter.Parse(text)
		var syntax *filter.SyntaxError
		require.ErrorAs(t, err, &syntax, text)
		require.Equal(t, position, syntax.Pos, text)
	}
	_, err := filter.Parse(strings.Repeat("(", 5000) + "1=1")
	require.Error(t, err)
	_, err = filter.Parse(strings.Repeat("not ", 5000) + "1=1")
	require.Error(t, err)
}

func TestLiteralsMustFitTheirColumn(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"FID = 'abc'", "FQty > 'ten'", "FCancelDate >= 'yesterday'", "FCancelDate >= 5",
		"FPushed = 'maybe'", "FID in (1,'x')", "FCancelDate like '2024%'", "FID = FBillNo",
	} {
		node, err := filter.Parse(text)
		require.NoError(t, err)
		_, err = filter.Bind(node, schema())
		var mismatch *filter.TypeError
		require.ErrorAs(t, err, &mismatch, text)
	}
	node, err := filter.Parse("FID=1 and FNope='x'")
	require.NoError(t, err)
	_, err = filter.Bind(node, schema())
	require.ErrorIs(t, err, errUnknown)
}

func TestNarrowingNeverLosesARow(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]filter.Range{
		"FID > 5 and FID <= 9":               {Min: 5, Max: 9},
		"fid = '7' and FQty > 1":             {Min: 7, Max: 7},
		"FID in (9, 3, 3) and FID > 1":       {Min: 1, Max: 1<<63 - 1, Listed: true, IDs: []int64{3, 9}},
		"FID in (1) or FID = 2":              {Min: -1 << 63, Max: 1<<63 - 1},
		"not FID = 2":                        {Min: -1 << 63, Max: 1<<63 - 1},
		"FID <> 4 and (FID > 1 and FID < 6)": {Min: 1, Max: 6},
	} {
		node, err := filter.Parse(text)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(want, filter.Narrow(node, "FID")), text)
	}
}

func TestArrayForm(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`[]`: true,
		`[{"Left":"(","FieldName":"FID","Compare":"67","Value":"100234","Right":")","Logic":"0"}]`: true,
		`[{"FieldName":"FID","Compare":67,"Value":1,"Logic":1},{"FieldName":"FBillNo","Compare":"60","Value":"ZZCX",` +
			`"Logic":0}]`: true,
		`[{"FieldName":"FID","Compare":"=","Value":"1","Logic":"and"},{"FieldName":"FBillNo","Compare":"17",` +
			`"Value":"X","Logic":"and"}]`: false,
		`[{"FieldName":"FModifyDate","Compare":"39","Value":"2024-05-11 ` +
			`00:00:00","Logic":0}]`: true,
		`[{"FieldName":"FBillNo","Compare":"211","Value":"it's","Logic":0}]`: false,
	} {
		node, err := filter.ParseArray([]byte(text))
		require.NoError(t, err, text)
		keep, err := filter.Bind(node, schema())
		require.NoError(t, err, text)
		require.Equal(t, want, keep(voided()), text)
	}
	for _, text := range []string{
		`{`, `[{"FieldName":"FID","Compare":"29","Value":"1"}]`, `[{"Compare":"67","Value":"1"}]`,
	} {
		_, err := filter.ParseArray([]byte(text))
		require.Error(t, err, text)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"FBillTypeID.FNumber='ZZCX01_SYS' and FCancelStatus='B' and (FCancelDate>='2024-05-11 08:00:00' or " +
			"FModifyDate>='2024-05-11 08:00:00')",
		"FDocumentStatus='D' and FCancelStatus='A'", "FSupplierId.FNumber = 'VEN00010' and FApproveDate>=",
		"FID in (1,2,3)", "FBillNo like '%it''s_%'", "not (FID is not null)", "FQty > -1.50", "((", "N'x' = 'y'", "'",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		node, err := filter.Parse(text)
		if err != nil {
			var syntax *filter.SyntaxError
			if !errors.As(err, &syntax) || syntax.Pos < 0 || syntax.Pos > len(text) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		evaluate(t, text, node)
	})
}

// FuzzParseArray is the same for conditions written as an array.
func FuzzParseArray(f *testing.F) {
	for _, seed := range []string{
		`[{"Left":"(","FieldName":"FModifyDate","Compare":"39","Value":"2024-05-11 00:00:00","Right":")","Logic":0}]`,
		`[{"FieldName":"FCancelStatus","Compare":"105","Value":"B","Logic":"1"},{"FieldName":"FID","Compare":">=",` +
			`"Value":1}]`, `[]`, `[{}]`, `{`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if node, err := filter.ParseArray(raw); err == nil {
			evaluate(t, string(raw), node)
		}
	})
}

// evaluate puts a condition to columns and values of every kind.
func evaluate(t *testing.T, text string, node filter.Node) {
	t.Helper()
	kinds := []filter.Kind{filter.Int, filter.Decimal, filter.Text, filter.Time, filter.Bool}
	values := []filter.Value{
		filter.IntValue(7), filter.DecimalValue("1.5"), filter.TextValue("Zz"),
		filter.TimeValue(time.Unix(1700000000, 0)), filter.BoolValue(true), {},
	}
	for i, kind := range kinds {
		keep, err := filter.Bind(node, filter.Schema[int]{Zone: zone, Column: func(string) (filter.Column[int], error) {
			return filter.Column[int]{Kind: kind, Get: func(n int) filter.Value { return values[n] }}, nil
		}})
		if err != nil {
			continue
		}
		kept := keep(i)
		if again := keep(i); again != kept {
			t.Fatalf("%q: the same row is kept and not kept", text)
		}
		keep(len(values) - 1)
	}
	r := filter.Narrow(node, "FID")
	if r.Listed {
		for j := 1; j < len(r.IDs); j++ {
			if r.IDs[j-1] >= r.IDs[j] {
				t.Fatalf("%q: ids out of order", text)
			}
		}
	}
}
