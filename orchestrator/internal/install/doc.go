// Package install puts whole installations together: a Postgres, the vendors or their sandboxes, both adapters and the
// orchestrator, in one process and yet over real gRPC and HTTP on loopback. Besides the programs under cmd, the
// end-to-end tests and the benchmarks it is the one place that sees all three services, and only through the faces that
// they export.
//
// It also plays the integration platform's other half, which pushes audited bills to the warehouse (Vendors), lets a
// sample day happen (Day), and holds the truths that the two sandboxes keep against the ledger (Compare).
//
// It promises that nothing is started while a setting is wrong, that everything it started is stopped in the reverse
// order, and that a private Postgres that dies is brought up again. It decides nothing about bills.
package install
