package rpc

import (
	"context"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// Previewer says what loading a schemes file would change, and stores nothing. fault is what is wrong with the file
// itself.
type Previewer interface {
	Preview(ctx context.Context, document string) (previews []ledger.SchemePreview, fault, err error)
}

func (s *schemeService) PreviewSchemes(
	ctx context.Context, req *orchestratorv1.PreviewSchemesRequest,
) (*orchestratorv1.PreviewSchemesResponse, error) {
	previews, fault, err := s.previewer.Preview(ctx, req.GetDocument())
	if fault != nil {
		return nil, &schemeInvalid{fault}
	}
	if err != nil {
		return nil, err
	}
	return &orchestratorv1.PreviewSchemesResponse{Schemes: each(previews, previewMessage)}, nil
}

func previewMessage(v ledger.SchemePreview) *orchestratorv1.SchemePreview {
	return &orchestratorv1.SchemePreview{
		Scheme: v.Scheme, Change: enum[orchestratorv1.SchemeChange](orchestratorv1.SchemeChange_value, "SCHEME_CHANGE_",
			string(v.Change)),
		Revision: v.Revision, NextRevision: v.NextRevision,
		Added: each(v.Added, partMessage), Removed: each(v.Removed, partMessage),
		ChangedKeys: v.ChangedKeys, Refusal: v.Refusal, OpenCancellations: v.OpenCancellations,
	}
}

func partMessage(p rule.Part) *orchestratorv1.SchemePart {
	return &orchestratorv1.SchemePart{Kind: string(p.Kind), Name: p.Name}
}
