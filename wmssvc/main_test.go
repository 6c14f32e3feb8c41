package wmssvc_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(asStub) != "" {
		serveStub()
		return
	}
	goleak.VerifyTestMain(m)
}
