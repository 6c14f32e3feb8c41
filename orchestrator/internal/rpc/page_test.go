package rpc

import (
	"testing"

	"github.com/stretchr/testify/require"

	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func tokenFor(req paged, key string) string {
	_, token := cut(req, []string{key, "the row too many"}, 1, func(s string) string { return s })
	return token
}

func TestATokenLeadsToItsKey(t *testing.T) {
	req := &orchestratorv1.ListCancellationsRequest{Filter: &orchestratorv1.CancellationFilter{BillNo: "ZZCX1"}}
	for _, key := range []string{"1", "9223372036854775807", "方案"} {
		req.PageToken, req.PageSize = tokenFor(req, key), 7
		got, err := pageKey(req)
		require.NoError(t, err, "the size of a page may change on the way")
		require.Equal(t, key, got)
	}
	_, err := pageNumber(req)
	require.ErrorIs(t, err, errPageToken, "a key that is no number")
}

func TestATokenIsOfNoUseForAnotherQuery(t *testing.T) {
	token := tokenFor(&orchestratorv1.ListCancellationsRequest{
		Filter: &orchestratorv1.CancellationFilter{Scheme: "a", BillNo: "b"},
	}, "5")
	for _, other := range []paged{
		&orchestratorv1.ListCancellationsRequest{
			Filter: &orchestratorv1.CancellationFilter{Scheme: "ab"}, PageToken: token,
		},
		&orchestratorv1.ListCancellationsRequest{
			Filter: &orchestratorv1.CancellationFilter{Scheme: "a", BillNo: "c"}, PageToken: token,
		},
		&orchestratorv1.ListCancellationsRequest{Filter: &orchestratorv1.CancellationFilter{
			Scheme: "a", BillNo: "b", States: []orchestratorv1.CancellationState{2},
		}, PageToken: token},
		&orchestratorv1.ListWorkItemsRequest{Scheme: "a", PageToken: token},
		&orchestratorv1.ListSchemesRequest{PageToken: token},
	} {
		_, err := pageKey(other)
		require.ErrorIs(t, err, errPageToken, "%v", other)
	}
}

func TestTheLastPageHasNoToken(t *testing.T) {
	rows, token := cut(&orchestratorv1.ListRunsRequest{}, []string{"a", "b"}, 2, func(s string) string { return s })
	require.Equal(t, []string{"a", "b"}, rows)
	require.Empty(t, token)
}

func FuzzPageToken(f *testing.F) {
	ours := tokenFor(&orchestratorv1.ListRunsRequest{Scheme: "a"}, "41")
	f.Add(ours)
	f.Add(ours + "=")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, token string) {
		key, err := pageNumber(&orchestratorv1.ListRunsRequest{Scheme: "a", PageToken: token})
		if err != nil {
			require.ErrorIs(t, err, errPageToken)
			return
		}
		require.True(t, token == ours && key == 41 || token == "" && key == 0, "a token that we did not make was taken")
	})
}
