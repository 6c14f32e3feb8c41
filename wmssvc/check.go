package wmssvc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc/internal/account"
	"github.com/voidrelay/voidrelay/wmssvc/internal/finding"
	"github.com/voidrelay/voidrelay/wmssvc/internal/rpc"
	"github.com/voidrelay/voidrelay/wmssvc/internal/wms"
)

// checkWithin bounds the harmless call to one account.
const checkWithin = 10 * time.Second

// Check makes a harmless signed call for each account (it asks to cancel a number that cannot exist) and writes what it
// tells: whether the WMS can be reached, which kind it is, its clock, and whether account, key and signature are
// accepted. Its error names the accounts that could not be used.
func Check(ctx context.Context, cfg Config, out io.Writer) error {
	p, err := cfg.plan(nothingTold)
	if err != nil {
		return err
	}
	var problems []error
	for _, settings := range p.accounts {
		a := account.New(ctx, settings, p.words, slog.New(slog.DiscardHandler), time.Now)
		result, err := a.Probe(ctx, checkWithin)
		a.Close()
		if err != nil {
			return fmt.Errorf("check account %s: %w", a.Name(), err)
		}
		f := finding.Of(&result)
		if !f.Sound {
			problems = append(problems, fmt.Errorf("account %s: %s", a.Name(), f.EN))
		}
		if err := report(out, a, &result, f); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	return errors.Join(problems...)
}

// CheckAccount answers CheckConnection about one account (empty: the default account) without serving anything: what a
// running wmssvc with these settings would answer. An account that the settings do not have is an error with the reason
// ACCOUNT_UNKNOWN.
func CheckAccount(ctx context.Context, cfg Config, name string) (*wmsv1.CheckConnectionResponse, error) {
	p, err := cfg.plan(nothingTold)
	if err != nil {
		return nil, err
	}
	quiet := slog.New(slog.DiscardHandler)
	accounts := make([]*account.Account, len(p.accounts))
	for i, settings := range p.accounts {
		accounts[i] = account.New(ctx, settings, p.words, quiet, time.Now)
		defer accounts[i].Close()
	}
	service, err := rpc.NewService(accounts, observers{}, quiet, time.Now)
	if err != nil {
		return nil, err
	}
	return service.CheckConnection(ctx, &wmsv1.CheckConnectionRequest{Account: name})
}

var kinds = map[account.Environment]string{
	account.EnvironmentUnknown: "not known 未知", account.EnvironmentReal: "a real WMS 真实WMS",
	account.EnvironmentSandbox: "a sandbox 沙箱",
}

// transport says how the server was reached, with the certificate that it showed, so that it can be named in
// the settings.
func transport(a *account.Account, r *account.Result) string {
	shown, untrusted := r.Exchange.Shown()
	switch state := r.Exchange.TLS; {
	case state != nil:
		leaf := state.PeerCertificates[0]
		return fmt.Sprintf("TLS, certificate valid until 证书有效期至 %s\n          SHA-256 %s",
			leaf.NotAfter.Format(time.DateOnly), wms.FingerprintOf(leaf))
	case untrusted:
		return fmt.Sprintf("TLS, certificate not accepted 证书不被接受\n          SHA-256 %s", shown)
	case a.Secure():
		return "TLS, no answer 未获应答"
	case a.InTheOpen():
		return "plain HTTP 明文\n          warning: orders, key and signatures can be read and changed on the way; use " +
			"an https address\n" +
			"          警告：单据、密钥标识和签名在途中可被读取和篡改，请改用 https 地址"
	}
	return "plain HTTP 明文"
}

func report(out io.Writer, a *account.Account, r *account.Result, f finding.Finding) error {
	clock := "not told 未知"
	if ahead, told := r.ClockAhead(); told {
		if clock = "agrees with ours 与本机一致"; ahead.Abs() > finding.ClockTolerance {
			clock = fmt.Sprintf("differs from ours by %s 与本机相差 %s", ahead, ahead)
		}
	}
	_, err := fmt.Fprintf(out, "account   %s (%s, %s)\nserver    %s, %s\ntransport %s\nclock     %s\nfinding   %s\n"+
		"          %s\nto do     %s\n          %s\n\n",
		a.Name(), a.Dialect(), a.Partner(), a.Host(), kinds[a.Environment()], transport(a, r), clock, f.EN, f.ZH,
		f.AdviceEN, f.AdviceZH)
	return err
}
