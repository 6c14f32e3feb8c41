package checkup

import (
	"crypto/x509"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// encryption says whether what we tell Kingdee can be read on the way, and prints the certificate's SHA-256: what a
// person compares with what the server's administrator says, and then sets. err is what reaching the server came to.
func (r *round) encryption(meta kingdee.Meta, err error) {
	certificate := meta.Certificate
	if certificate == nil {
		certificate = kingdee.CertificateOf(err)
	}
	switch {
	case r.settings.Plain && r.settings.Local:
		r.add("tls", OK, say("明文，在本机", "none, on this machine"), Text{})
	case r.settings.Plain:
		r.add("tls", Warning,
			say("明文 HTTP：密码和单据可在途中被读取或改动", "plain HTTP: secrets and bills can be read and changed on the way"),
			say("让金蝶管理员启用 HTTPS，并把 KINGDEE_BASE_URL 改为 https://；自签证书用 KINGDEE_CERT_SHA256",
				"have the Kingdee administrator enable HTTPS and set KINGDEE_BASE_URL to https://; for a certificate "+
					"of its own use KINGDEE_CERT_SHA256"))
	case certificate == nil:
		r.skip("tls")
	case meta.Certificate == nil:
		r.untrusted(certificate)
	case r.settings.Pinned:
		r.add("tls", OK,
			describe(certificate).and(say("，由 KINGDEE_CERT_SHA256 指定", ", as KINGDEE_CERT_SHA256 names it")), Text{})
	default:
		r.add("tls", OK, describe(certificate).and(say("，受信任", ", trusted")), Text{})
	}
}

// untrusted is a certificate that nobody vouches for.
func (r *round) untrusted(certificate *x509.Certificate) {
	pin := kingdee.PinOf(certificate).String()
	if r.settings.Pinned {
		r.add("tls", Failed,
			describe(certificate).and(say("，与 KINGDEE_CERT_SHA256 不同", ", another than KINGDEE_CERT_SHA256 names")),
			say("问金蝶管理员证书是否更换：是则改为 KINGDEE_CERT_SHA256=%s，否则可能有人冒充服务器",
				"ask the Kingdee administrator whether it was changed: if so, set KINGDEE_CERT_SHA256=%s, otherwise "+
					"somebody may pose as the server", pin))
		return
	}
	r.add("tls", Failed, describe(certificate).and(say("，不受信任", ", not trusted")),
		say("请金蝶管理员核对此指纹；一致则设 KINGDEE_CERT_SHA256=%s，或用 KINGDEE_CA_FILE 指定签发机构",
			"have the Kingdee administrator confirm this fingerprint, then set KINGDEE_CERT_SHA256=%s, or name its "+
				"authority by KINGDEE_CA_FILE", pin))
}

func describe(certificate *x509.Certificate) Text {
	return say("证书 %s，至 %s，SHA-256 %s", "certificate %s, until %s, SHA-256 %s",
		certificate.Subject.String(), certificate.NotAfter.UTC().Format("2006-01-02"),
		kingdee.PinOf(certificate).String())
}
