package proto_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// page is docs/grpc.md, which foreign clients are written by.
func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/grpc.md")
	require.NoError(t, err)
	return string(text)
}

// methods are those of all our services.
func methods() []protoreflect.MethodDescriptor {
	var all []protoreflect.MethodDescriptor
	for _, file := range []protoreflect.FileDescriptor{
		kingdeev1.File_kingdee_v1_bill_proto, wmsv1.File_wms_v1_order_proto,
		orchestratorv1.File_orchestrator_v1_bill_proto,
		orchestratorv1.File_orchestrator_v1_cancellation_proto,
		orchestratorv1.File_orchestrator_v1_event_proto, orchestratorv1.File_orchestrator_v1_ledger_proto,
		orchestratorv1.File_orchestrator_v1_run_proto,
		orchestratorv1.File_orchestrator_v1_scheme_proto,
		orchestratorv1.File_orchestrator_v1_status_proto, orchestratorv1.File_orchestrator_v1_work_proto,
	} {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				all = append(all, service.Methods().Get(j))
			}
		}
	}
	return all
}

func TestThePageListsEveryMethod(t *testing.T) {
	t.Parallel()
	var wanted []string
	for _, method := range methods() {
		shape := "unary"
		switch {
		case method.IsStreamingClient():
			shape = "both ways"
		case method.IsStreamingServer():
			shape = "server stream"
		}
		repeatable := ""
		if method.Input().Fields().ByName("request_id") != nil {
			repeatable = "yes "
		}
		wanted = append(wanted,
			"| `"+string(method.Parent().FullName())+"` | `"+string(method.Name())+"` | "+shape+" | "+repeatable+"|")
	}
	require.Equal(t, wanted, regexp.MustCompile("(?m)^\\| `[a-z]+\\.v1\\..*$").FindAllString(page(t), -1))
}

// A service whose file the list above forgets would be missing on the page, too.
func TestNoServiceIsForgotten(t *testing.T) {
	t.Parallel()
	files, err := compile(t, withRules())
	require.NoError(t, err)
	services := map[protoreflect.FullName]bool{}
	for _, method := range methods() {
		services[method.Parent().FullName()] = true
	}
	for _, file := range files {
		for i := range file.Services().Len() {
			require.Contains(t, services, file.Services().Get(i).FullName())
		}
	}
}

// The release that the page fetches is the one that the contracts are built and checked with.
func TestThePageFetchesTheRulesOfOurRelease(t *testing.T) {
	t.Parallel()
	settings, err := os.ReadFile("../buf.yaml")
	require.NoError(t, err)
	release := regexp.MustCompile(`protovalidate:(v[0-9.]+)`).FindStringSubmatch(string(settings))
	require.NotNil(t, release)
	named := regexp.MustCompile(`(?:protovalidate[@:]|-b )(v[0-9.]+[0-9])`).FindAllStringSubmatch(page(t), -1)
	require.GreaterOrEqual(t, len(named), 3)
	for _, name := range named {
		require.Equal(t, release[1], name[1], name[0])
	}
}

func TestThePageSaysHowLongAPageMayBe(t *testing.T) {
	t.Parallel()
	for _, method := range methods() {
		field := method.Input().Fields().ByName("page_size")
		if field == nil {
			continue
		}
		wanted := int32(500)
		if method.Name() == "DiffSchemeBills" {
			wanted = 5000
		}
		rules, ok := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
		require.True(t, ok)
		require.Equal(t, wanted, rules.GetInt32().GetLte(), "%s: see Limits on the page", method.FullName())
	}
	require.Contains(t, strings.Join(strings.Fields(page(t)), " "),
		"`page_size` up to 500, 50 when it is 0; `DiffSchemeBills` up to 5000.")
}
