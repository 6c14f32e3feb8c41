package rpc

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func (s *cancellationService) ListOperatorActions(
	ctx context.Context, req *orchestratorv1.ListOperatorActionsRequest,
) (*orchestratorv1.ListOperatorActionsResponse, error) {
	before, err := pageNumber(req)
	if err != nil {
		return nil, err
	}
	size := pageSize(req)
	filter := ledger.ActionFilter{Scheme: req.GetScheme(), CancellationID: req.GetCancellationId()}
	found, err := s.reader.ActionViews(ctx, filter, before, size+1)
	if err == nil && len(found) == 0 {
		err = knownScheme(ctx, s.schemes, req.GetScheme())
	}
	if err != nil {
		return nil, err
	}
	found, next := cut(req, found, size, func(v ledger.ActionView) string { return strconv.FormatInt(v.ActionID, 10) })
	return &orchestratorv1.ListOperatorActionsResponse{Actions: each(found, actionMessage), NextPageToken: next}, nil
}

func actionMessage(v ledger.ActionView) *orchestratorv1.OperatorAction {
	return &orchestratorv1.OperatorAction{
		OperatorActionId: v.ActionID, Actor: v.Actor, Verb: v.Verb, Scheme: v.Scheme, Reason: v.Reason,
		Parameters: v.Parameters, Result: v.Result, RequestId: v.RequestID, Count: v.Count,
		CreateTime: stamp(v.CreateTime),
	}
}

// FindOperatorActions shows each call as its caller was answered.
func (s *cancellationService) FindOperatorActions(
	ctx context.Context, req *orchestratorv1.FindOperatorActionsRequest,
) (*orchestratorv1.FindOperatorActionsResponse, error) {
	found, err := s.reader.CallViews(ctx, req.GetId(), req.GetCaller())
	if err != nil {
		return nil, err
	}
	reply := &orchestratorv1.FindOperatorActionsResponse{}
	for _, v := range found {
		call := &orchestratorv1.OperatorCall{
			Caller: v.Caller, RequestId: v.RequestID, Method: strings.TrimPrefix(v.Method, "/"),
			CreateTime: stamp(v.ReplyTime), Actions: each(v.Actions, actionMessage),
		}
		if v.Method != "" {
			if call.Reply, err = replyText(v.Method, v.Reply); err != nil {
				return nil, err
			}
		}
		reply.Calls = append(reply.Calls, call)
	}
	return reply, nil
}

// replyText is what a method answered, as REST writes it.
func replyText(method string, sent []byte) (string, error) {
	name := protoreflect.FullName(strings.ReplaceAll(strings.TrimPrefix(method, "/"), "/", "."))
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	if err != nil {
		return "", fmt.Errorf("method %s: %w", method, err)
	}
	described, ok := found.(protoreflect.MethodDescriptor)
	if !ok {
		return "", fmt.Errorf("%s is no method", method)
	}
	kind, err := protoregistry.GlobalTypes.FindMessageByName(described.Output().FullName())
	if err != nil {
		return "", fmt.Errorf("reply of %s: %w", method, err)
	}
	reply := kind.New().Interface()
	if err := proto.Unmarshal(sent, reply); err != nil {
		return "", fmt.Errorf("reply of %s: %w", method, err)
	}
	text, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(reply)
	return string(text), err
}
