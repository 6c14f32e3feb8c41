package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/internal/access/authority"
)

// certsDir is where certificates are made unless somebody says otherwise.
const certsDir = "certs"

func (sh *shell) initCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "init", Short: "初始化 makes what an installation needs once", GroupID: groupRun, Args: args(0, ""),
	}
	var dir string
	var hosts []string
	certs := &cobra.Command{
		Use:   "certs",
		Short: "建立私有证书 makes a private authority, and certificates for the three services",
		Args:  args(0, ""),
		Long: `Makes in a folder: authority.crt and authority.key, a certificate and a key for each of kingdeesvc,
wmssvc and orchestrator, and the file callers, by which the adapters know the orchestrator. Nothing that is there is
overwritten.
Certificates are good for a year; ` + "`voidrelay cert renew`" + ` renews them, and running services take the new ones
within 5 seconds. Whoever has authority.key can be anybody: keep it on no host that serves.`,
	}
	certs.Flags().StringVar(&dir, "dir", certsDir, "目录 the folder")
	certs.Flags().StringArrayVar(&hosts, "host", nil,
		"主机 a name or an address under which others reach the services; may be given several times")
	certs.RunE = func(*cobra.Command, []string) error {
		if err := authority.Init(dir, hosts); err != nil {
			return err
		}
		fmt.Fprintf(sh.out, "已建立证书，各服务这样设置 certificates are in %s; the services are set up so:\n", dir)
		for _, name := range authority.Services {
			sh.tellSettings(dir, name)
		}
		return nil
	}
	cmd.AddCommand(certs)
	return cmd
}

// tellSettings prints the settings of one service.
func (sh *shell) tellSettings(dir, name string) {
	whole, err := filepath.Abs(dir)
	if err != nil {
		whole = dir
	}
	certificate, key := authority.Paths(whole, name)
	trusted, _ := authority.Paths(whole, authority.Name)
	fmt.Fprintf(sh.out, "\n# %s\nTLS_CERT_FILE=%s\nTLS_KEY_FILE=%s\n", name, certificate, key)
	if name == "orchestrator" {
		fmt.Fprintf(sh.out, "ADAPTER_CA_FILE=%s\n", trusted)
		return
	}
	fmt.Fprintf(sh.out, "TLS_CLIENT_CA_FILE=%s\nAUTH_CALLERS_FILE=%s\n", trusted, authority.CallersFile(whole))
}

func (sh *shell) certCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "cert", Short: "证书 renews what `init certs` made", GroupID: groupRun, Args: args(0, ""),
	}
	var dir string
	var also bool
	renew := &cobra.Command{
		Use:   "renew",
		Short: "换新证书 renews the certificates of the services; running ones take them within 5 seconds",
		Args:  args(0, ""),
		Long: `Gives each of the services a new key and a certificate for the same names, good for a year. With
--authority the authority gets a later end as well, under its key of before: what it signed stays good. Hosts that have
copies of the files get the new ones from you.`,
	}
	renew.Flags().StringVar(&dir, "dir", certsDir, "目录 the folder")
	renew.Flags().BoolVar(&also, "authority", false, "签发机构也换新 the authority as well")
	renew.RunE = func(*cobra.Command, []string) error {
		until, err := authority.Renew(dir, also)
		if err != nil {
			return err
		}
		fmt.Fprintf(sh.out, "已换新，有效至 renewed, good until %s\n", until.Format(time.DateOnly))
		return nil
	}
	cmd.AddCommand(renew)
	return cmd
}
