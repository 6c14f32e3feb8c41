package ledger

// RunLock names the lock of a scheme's run.
func RunLock(scheme string) string { return "run " + scheme }
