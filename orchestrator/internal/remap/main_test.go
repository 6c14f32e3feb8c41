package remap_test

import (
	"os"
	"testing"

	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/runtest"
)

func TestMain(m *testing.M) { os.Exit(runtest.Main(m)) }
