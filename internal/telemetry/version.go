package telemetry

import (
	"runtime/debug"
)

// Build is what the Go tool chain knows about this program.
type Build struct {
	// Version is the release tag, or what Go makes of a commit without one.
	Version string
	// Revision is the commit, 12 digits; empty where the program was built outside of a checkout.
	Revision string
	// Changed: the checkout held changes that no commit has.
	Changed bool
	// GoVersion is the tool chain.
	GoVersion string
}

// ReadBuild reads it.
func ReadBuild() Build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Build{Version: "unknown"}
	}
	build := Build{Version: info.Main.Version, GoVersion: info.GoVersion}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			build.Revision = setting.Value[:min(12, len(setting.Value))]
		case "vcs.modified":
			build.Changed = setting.Value == "true"
		}
	}
	return build
}

// String is one line for people.
func (b Build) String() string {
	text := b.Version
	if b.Revision != "" {
		text += " " + b.Revision
	}
	if b.Changed {
		text += " (changed)"
	}
	return text + " " + b.GoVersion
}
