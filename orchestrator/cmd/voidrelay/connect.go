package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/settings"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	"github.com/voidrelay/voidrelay/proto/apierr"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

const (
	defaultServer = "127.0.0.1:7403"
	callTime      = 30 * time.Second
)

// remote is a command that asks a running orchestrator.
type remote struct {
	sh     *shell
	server string
	// The files that flags name, and those of the environment else.
	token, authority, cert, key string

	form string
	json bool
	// headed: the head of CSV was printed.
	headed bool
}

// ask makes a command of a function that asks. Its flags say where, and how to print.
func (sh *shell) ask(
	cmd *cobra.Command, do func(ctx context.Context, r *remote, client *install.Client, args []string) error,
) *cobra.Command {
	return sh.askLong(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		return sh.waiting(ctx, r.server, func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, callTime)
			defer cancel()
			return do(ctx, r, client, args)
		})
	})
}

// askLong is ask for what takes as long as it takes: do bounds each of its calls.
func (sh *shell) askLong(
	cmd *cobra.Command, do func(ctx context.Context, r *remote, client *install.Client, args []string) error,
) *cobra.Command {
	r := &remote{sh: sh}
	cmd.Flags().StringVar(&r.server, "server", sh.target(), "gRPC target of the orchestrator (ORCHESTRATOR_TARGET)")
	for _, file := range []struct {
		into                   *string
		flag, setting, meaning string
	}{
		{&r.token, "token-file", "VOIDRELAY_TOKEN_FILE", "令牌 a file with the token; or the token in VOIDRELAY_TOKEN"},
		{&r.authority, "ca-file", "VOIDRELAY_CA_FILE", "签发机构 the only authority that vouches for the server"},
		{&r.cert, "cert-file", "VOIDRELAY_CERT_FILE", "客户端证书 our certificate, where the server asks for one"},
		{&r.key, "key-file", "VOIDRELAY_KEY_FILE", "证书的私钥 its key"},
	} {
		cmd.Flags().StringVar(file.into, file.flag, "", file.meaning+" ("+file.setting+")")
	}
	r.formFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := r.readForm(); err != nil {
			return err
		}
		if !r.machine() {
			shown := &zoned{out: sh.out}
			sh.out = shown
			defer func() { sh.out = shown.out }()
			defer shown.say()
		}
		client, err := r.dial()
		if err != nil {
			return err
		}
		defer func() { _ = client.Close() }()
		if err := do(cmd.Context(), r, client, args); err != nil {
			return r.where(err)
		}
		return nil
	}
	return cmd
}

// target is where an orchestrator is asked unless a flag says otherwise.
func (sh *shell) target() string { return cmp.Or(sh.getenv("ORCHESTRATOR_TARGET"), defaultServer) }

// dial reads VOIDRELAY_TOKEN (or VOIDRELAY_TOKEN_FILE), VOIDRELAY_CA_FILE, and for servers that ask for a certificate
// VOIDRELAY_CERT_FILE and VOIDRELAY_KEY_FILE, unless flags say otherwise.
func (r *remote) dial() (*install.Client, error) {
	read := settings.New(r.setting)
	way := serve.DialOptions{Token: read.Secret("VOIDRELAY_TOKEN")}
	var err error
	if way.TLS, err = r.trust(read.Text("VOIDRELAY_CA_FILE",
		""), read.Text("VOIDRELAY_CERT_FILE", ""), read.Text("VOIDRELAY_KEY_FILE", "")); err != nil {
		read.Note(err)
	}
	if err := read.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", errWrong, err)
	}
	client, err := install.Dial(r.server, way)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errWrong, err)
	}
	return client, nil
}

// setting is one of the environment, or the flag that stands for it.
func (r *remote) setting(name string) string {
	if r.token != "" && name == "VOIDRELAY_TOKEN" {
		return ""
	}
	given := map[string]string{
		"VOIDRELAY_TOKEN_FILE": r.token, "VOIDRELAY_CA_FILE": r.authority, "VOIDRELAY_CERT_FILE": r.cert,
		"VOIDRELAY_KEY_FILE": r.key,
	}[name]
	return cmp.Or(given, r.sh.getenv(name))
}

// trust is the way to a server that this authority vouches for, or one of the system's where none is named, with our
// own certificate where it asks for one; nil for plain text, which is for this machine alone.
func (r *remote) trust(authority, cert, key string) (credentials.TransportCredentials, error) {
	if authority == "" && cert == "" && access.IsLocalTarget(r.server) {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if authority != "" {
		pool, err := access.LoadPool(authority)
		if err != nil {
			return nil, fmt.Errorf("VOIDRELAY_CA_FILE: %w", err)
		}
		config.RootCAs = pool.Only()
	}
	if cert != "" || key != "" {
		pair, err := access.Pair("VOIDRELAY_CERT_FILE", cert, "VOIDRELAY_KEY_FILE", key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return credentials.NewTLS(config), nil
}

// where adds which server does not answer.
func (r *remote) where(err error) error {
	if apierr.Info(err, apierr.Orchestrator) == nil && status.Code(err) == codes.Unavailable {
		return fmt.Errorf("%s 没有应答 no orchestrator answers there (`voidrelay up` starts one): %s",
			r.server, status.Convert(err).Message())
	}
	return err
}

// explain puts an error in words: for those of our services the message and the reason that docs list.
func explain(err error) string {
	if info := apierr.Info(err, apierr.Orchestrator); info != nil {
		if apierr.HasReason(err, apierr.Orchestrator, orchestratorv1.ErrorReason_ERROR_REASON_TOO_MANY) {
			return fmt.Sprintf("要改动 %[1]s 条，上限 %[2]s，未执行 it would touch %[1]s, at most %[2]s are allowed; nothing was "+
				"done: --max %[1]s", info.GetMetadata()["count"], info.GetMetadata()["max_count"])
		}
		return fmt.Sprintf("%s (%s)", status.Convert(err).Message(), info.GetReason())
	}
	if unwrapped := errors.Unwrap(err); unwrapped == nil {
		if s, ok := status.FromError(err); ok {
			return s.Message()
		}
	}
	return err.Error()
}
