package proto_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"github.com/bufbuild/protocompile"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// rules is the one file that our contracts import and that neither this folder nor a compiler of Protocol
// Buffers brings.
const rules = "buf/validate/validate.proto"

// contracts are the paths of all contracts, as they import one another.
func contracts(t *testing.T) []string {
	t.Helper()
	var found []string
	require.NoError(t, fs.WalkDir(os.DirFS("."), ".", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".proto") {
			found = append(found, path)
		}
		return err
	}))
	require.NotEmpty(t, found)
	return found
}

// compile reads the contracts as a foreign compiler does: from this folder, from what every compiler brings
// (google/protobuf), and from the files that are handed in.
func compile(t *testing.T, brought map[string]protoreflect.FileDescriptor) ([]protoreflect.FileDescriptor, error) {
	t.Helper()
	compiler := protocompile.Compiler{Resolver: protocompile.WithStandardImports(protocompile.CompositeResolver{
		protocompile.ResolverFunc(func(path string) (protocompile.SearchResult, error) {
			if file, ok := brought[path]; ok {
				return protocompile.SearchResult{Proto: protodesc.ToFileDescriptorProto(file)}, nil
			}
			return protocompile.SearchResult{}, protoregistry.NotFound
		}),
		&protocompile.SourceResolver{ImportPaths: []string{"."}},
	})}
	linked, err := compiler.Compile(t.Context(), contracts(t)...)
	files := make([]protoreflect.FileDescriptor, 0, len(linked))
	for _, file := range linked {
		files = append(files, file)
	}
	return files, err
}

// withRules brings the rules of the release that go.mod pins. They are taken from its descriptor, so that the test
// needs no network.
func withRules() map[string]protoreflect.FileDescriptor {
	return map[string]protoreflect.FileDescriptor{rules: validate.File_buf_validate_validate_proto}
}

// Whoever has nothing but this folder and that one file could not tell what was missing before docs/grpc.md named it.
func TestStrangersCompileTheContracts(t *testing.T) {
	t.Parallel()
	files, err := compile(t, withRules())
	require.NoError(t, err)
	require.Len(t, files, len(contracts(t)))
}

func TestAMissingImportIsNamed(t *testing.T) {
	t.Parallel()
	_, err := compile(t, nil)
	require.ErrorContains(t, err, rules)
}

func TestContractsImportOneForeignFileOnly(t *testing.T) {
	t.Parallel()
	for _, path := range contracts(t) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, line := range regexp.MustCompile(`(?m)^import (?:public )?"([^"]+)"`).FindAllStringSubmatch(string(text),
			-1) {
			imported := line[1]
			if imported == rules || strings.HasPrefix(imported, "google/protobuf/") {
				continue
			}
			require.FileExists(t, filepath.FromSlash(imported), "%s imports %s, which a stranger does not have",
				path, imported)
		}
	}
}
